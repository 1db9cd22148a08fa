import Crypto
import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

/// What the settings can ask of claims.
@Suite struct ClaimTests {
  private func judge(_ more: [(String, Setting)], _ claims: String, in domain: String = "example.com") throws
    -> Judgement
  {
    let rig = try GoodTokenTests.rig(more)
    let exchange = try rig.exchange(fields: ["Authorization: Bearer \(Signer.ed25519.token(claims))"])
    exchange.domain = DomainFacts(name: domain)
    return Judgement(rig.filter.identify(exchange), exchange.identity)
  }

  @Test(arguments: [
    (#"{"subtype":"apiToken"}"#, "next"), (#"{"subtype":"appApiToken"}"#, "next"),
    (#"{"subtype":"device"}"#, "token_kind_refused"), (#"{"subtype":"ApiToken"}"#, "token_kind_refused"),
    (#"{"subtype":""}"#, "token_kind_refused"), ("{}", "token_kind_refused"), (#"{"subtype":1}"#, "token_malformed"),
    (#"{"subtype":["apiToken"]}"#, "token_malformed"),
  ])
  func kinds(_ claims: String, _ expected: String) throws {
    let judgement = try judge([("kinds", ["apiToken", "appApiToken"])], claims)
    #expect(judgement.text == expected)
    #expect(expected == "next" || judgement.status == 401)
  }

  @Test func otherClaimsNameKindAndID() throws {
    let more: [(String, Setting)] = [("kind_claim", "x.kind"), ("kinds", "user"), ("token_id_claim", "sub")]
    let identity = try judge(more, #"{"sub":"5f3","jti":"j","subtype":"no","x":{"kind":"user"}}"#).identity
    #expect(identity?.kind == "user")
    #expect(identity?.tokenID == "5f3")
    #expect(identity?.subject == "5f3")
    #expect(try judge(more, #"{"subtype":"user"}"#).text == "token_kind_refused")
    #expect(try judge(more, #"{"sub":7,"x":{"kind":"user"}}"#).text == "token_malformed")
  }

  @Test(arguments: [
    (#"{"aud":"https://example.com/"}"#, "next"), (#"{"aud":["x","https://example.com/"]}"#, "next"),
    (#"{"aud":"https://other.com/"}"#, "token_wrong_domain"), (#"{"aud":"example.com"}"#, "token_wrong_domain"),
    (#"{"aud":"https://example.com"}"#, "token_wrong_domain"), (#"{"aud":"https:///"}"#, "token_wrong_domain"),
    (#"{"aud":"https://"}"#, "token_wrong_domain"), (#"{"aud":"https://Example.com/"}"#, "token_wrong_domain"),
    (#"{"aud":"https://example.com/https://example.com/"}"#, "token_wrong_domain"),
    (#"{"aud":"https://{domain}/"}"#, "token_wrong_domain"), ("{}", "token_wrong_domain"),
    (#"{"aud":"https://evil.com/?https://example.com/"}"#, "token_wrong_domain"),
    (#"{"aud":{"a":"https://example.com/"}}"#, "token_malformed"), (#"{"aud":[1]}"#, "token_malformed"),
  ])
  func domainsInsideAClaim(_ claims: String, _ expected: String) throws {
    let rule: Setting = ["claim": "aud", "value": "https://{domain}/"]
    #expect(try judge([("domain_claim", rule)], claims).text == expected)
  }

  @Test func theShortFormIsTheNameItself() throws {
    let plain = try judge([("domain_claim", "realm.name")], #"{"realm":{"name":"example.com"}}"#)
    #expect(plain.text == "next")
    let long = try judge([("domain_claim", ["claim": "iss"])], #"{"iss":"example.com"}"#)
    #expect(long.text == "next")
    // é in two Unicode forms: equal to readers, two names to us.
    let forms = try judge([("domain_claim", "iss")], #"{"iss":"e\u0301.example"}"#, in: "\u{E9}.example")
    #expect(forms.text == "token_wrong_domain")
  }

  @Test func whenItWasIssued() throws {
    #expect(try judge([], #"{"iat":1767225600.5}"#).identity?.issuedAt == 1_767_225_600_500_000_000)
    #expect(try judge([], "{}").identity?.issuedAt == 0)
    #expect(try judge([("leeway", "0s")], #"{"iat":\#(TestClock.begin)}"#).text == "next")
    #expect(try judge([("leeway", "0s")], #"{"iat":\#(TestClock.begin + 1)}"#).text == "token_not_yet_valid")
  }

  @Test func keptClaims() throws {
    let text = #"""
      {"a":"x","n":-1.50e2,"t":true,"f":false,"l":["p","q r"],"e":[],"z":null,"o":{"in":"side"},"m":["x",1],
      "long":"\#(String(repeating: "y", count: KeptClaims.longest + 1))",
      "most":"\#(String(repeating: "y", count: KeptClaims.longest))","__proto__":"plain"}
      """#
    let claims = try StrictJSON.object(Array(text.utf8))
    let names = ["n", "a", "t", "f", "l", "e", "z", "o", "o.in", "m", "long", "none", "__proto__", "most"]
    let kept = KeptClaims.read(names, from: claims)
    #expect(kept.map(\.name) == ["n", "a", "t", "f", "l", "e", "o.in", "__proto__", "most"])
    #expect(kept.dropLast().map(\.value) == ["-1.50e2", "x", "true", "false", "p q r", "", "side", "plain"])
  }

  /// The rules hand them to the identity, and the cache counts them.
  @Test func identitiesKeepThem() throws {
    let issues = IssueCollector()
    let setting: Setting = ["keys": ["secret": ["env": "KEY"]], "forward": ["fields": ["X-Mail": "claim.email"]]]
    let reader = SettingsReader(
      setting.node, path: "", issues: issues, environment: ["KEY": String(repeating: "k", count: 32)])
    let rules = ClaimRules(AuthenticationSettings(reading: reader))
    let key = VerificationKey(name: nil, material: .secret(.init(size: .bits256)), algorithms: [.hs256])
    func verified(_ claims: String) throws -> VerifiedToken {
      try Array("x".utf8).withUnsafeBytes {
        try rules.facts(of: StrictJSON.object(Array(claims.utf8)), signed: $0, key: key)
      }
    }
    let (with, without) = (try verified(#"{"email":"a@b.example"}"#), try verified("{}"))
    #expect(with.identity.claims.map(\.value) == ["a@b.example"])
    #expect(without.identity.claims.isEmpty)
    #expect(with.cost > without.cost + 11)
  }
}
