import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

/// Where tokens are looked for, and what is judged at each use.
@Suite struct RequestTests {
  static let token = Signer.ed25519.token(#"{"sub":"u"}"#)
  static let field = "Authorization: Bearer \(token)"

  @Test func withoutAToken() throws {
    let judgement = try GoodTokenTests.rig().judge(target: "/me")
    #expect(judgement.text == "token_missing")
    #expect(judgement.status == 401)
    #expect(judgement.fields == "WWW-Authenticate: Bearer\r\n")
    let forbidden = try GoodTokenTests.rig([("missing", "403")]).judge(target: "/me")
    #expect(forbidden.text == "token_missing")
    #expect(forbidden.status == 403)
    let rig = try GoodTokenTests.rig([("missing", "allow")])
    let allowed = try rig.judge(target: "/me")
    #expect(allowed.text == "next")
    #expect(allowed.identity == nil)
    // A bad token is no missing one.
    #expect(try rig.judge("x.y.z").text == "token_malformed")
    #expect(try rig.judge(target: "/me", fields: ["Authorization: "]).text == "token_malformed")
    #expect(try rig.judge(target: "/me", fields: ["Authorization: Basic dTpw"]).text == "token_malformed")
  }

  /// The floor's filter is asked first. A domain's may refuse what it let through, and change nothing else.
  @Test func theFirstFilterSaysWhoAsks() throws {
    let token = Signer.ed25519.token(#"{"sub":"u","scope":"few","more":"all.User"}"#)
    let floor = try GoodTokenTests.rig()
    let exchange = try floor.exchange(fields: ["Authorization: Bearer \(token)"])
    #expect(Judgement(floor.filter.identify(exchange), nil).text == "next")
    let other = try GoodTokenTests.rig([("scope_claim", "more")])
    #expect(try other.judge(token).identity?.scopes == ["all.User"], "on its own it reads the other claim")
    #expect(Judgement(other.filter.identify(exchange), nil).text == "next")
    #expect(exchange.identity?.scopes == ["few"])
    let stricter = try GoodTokenTests.rig([("audience", "nobody")])
    #expect(Judgement(stricter.filter.identify(exchange), nil).text == "token_audience_wrong")
  }

  @Test(arguments: [
    "access_token=x", "jwt=x", "a=b&jwt=x", "access_token", "access_token=", "Access_Token=x", "JWT=x",
    "acc%65ss_token=x", "%6a%77%74=x", "%6A%57%74=x", "access%5Ftoken=x", "access_token[]=x", "access_token%5B%5D=x",
    "jwt[0]=x", "jwt%5ba%5d=x", "[jwt]=x", "%5Bjwt%5D=x", "[access_token][]=x", "a=b;jwt=x", "?jwt=x", "+jwt=x",
    "%20jwt=x", "jwt+=x", "jwt%20=x", "&&jwt=x&&", "a=b&c&jwt", "jwt=x&jwt=y", "jwt==", "[[jwt]]=x",
  ])
  func tokensInTheQuery(_ query: String) throws {
    let rig = try GoodTokenTests.rig([("missing", "allow")])
    for fields in [[], [Self.field]] {
      let judgement = try rig.judge(target: "/me?\(query)", fields: fields)
      #expect(judgement.text == "token_in_query")
      #expect(judgement.status == 400)
      #expect(judgement.identity == nil)
    }
  }

  @Test(arguments: [
    "", "a=b", "jwts=x", "ajwt=x", "jw=t", "x=jwt", "x=jwt=y", "x[jwt]=y", "accesstoken=x", "access-token=x",
    "access_tokens=x", "page=0&perPage=100", "q=a%26jwt%3Dx", "%256awt=x", "a?jwt=x",
  ])
  func otherQueries(_ query: String) throws {
    #expect(try GoodTokenTests.rig().judge(target: "/me?\(query)", fields: [Self.field]).text == "next")
  }

  @Test func tokensInTheQueryCanBeJudged() throws {
    let rig = try GoodTokenTests.rig([("query", "judge")])
    #expect(try rig.judge(target: "/me?access_token=\(Self.token)").identity?.subject == "u")
    #expect(try rig.judge(target: "/me?a=b&jwt=\(Self.token)&c").identity?.subject == "u")
    #expect(try rig.judge(target: "/me?jwt=\(Self.token)x").text == "token_malformed")
    #expect(try rig.judge(target: "/me?jwt=").text == "token_malformed")
    #expect(try rig.judge(target: "/me?jwt=%65\(Self.token.dropFirst())").text == "token_malformed")
    // Which one the API would take is not ours to guess.
    for query in ["jwt=\(Self.token)&access_token=\(Self.token)", "jwt[]=\(Self.token)", "JWT=\(Self.token)", "jwt"] {
      #expect(try rig.judge(target: "/me?\(query)").text == "token_in_query")
    }
    #expect(try rig.judge(target: "/me?jwt=\(Self.token)", fields: [Self.field]).text == "token_in_query")
    #expect(try rig.judge(target: "/me?a=b", fields: [Self.field]).text == "next")
    #expect(try rig.judge(target: "/me?a=b").text == "token_missing")
  }

  @Test func timeIsJudgedAtEveryUse() throws {
    let rig = try GoodTokenTests.rig([("leeway", "10s")])
    let now = TestClock.begin
    let token = Signer.p256.token(#"{"sub":"u","exp":\#(now + 100),"nbf":\#(now + 20)}"#)
    func judged(after seconds: Int64) throws -> String {
      rig.clock.advance(seconds: seconds)
      return try rig.judge(token).text
    }
    #expect(try judged(after: 0) == "token_not_yet_valid")
    #expect(try judged(after: 9) == "token_not_yet_valid")
    #expect(try judged(after: 1) == "next")
    #expect(try judged(after: 99) == "next")
    #expect(rig.plugin.judge.cache.count == 1)
    #expect(try judged(after: 1) == "token_expired")
    // The clock goes back: the facts are the same, the verdict is another.
    #expect(try judged(after: -50) == "next")
    #expect(try judged(after: -50) == "next")
    #expect(try judged(after: -1) == "token_not_yet_valid")
  }

  @Test func expiredTokensAreToldSo() throws {
    let rig = try GoodTokenTests.rig()
    let judgement = try rig.judge(Signer.rsa.token(#"{"exp":1}"#))
    #expect(judgement.text == "token_expired")
    #expect(judgement.fields.contains("error=\"invalid_token\", error_description=\"Access token has expired\""))
  }

  @Test func expiryCanBeRequired() throws {
    let rig = try GoodTokenTests.rig([("require_expiry", "true")])
    #expect(try rig.judge(Self.token).text == "token_expiry_missing")
    #expect(try rig.judge(Signer.ed25519.token(#"{"exp":\#(TestClock.begin + 1)}"#)).text == "next")
  }

  @Test func oneOfSeveralNamesIsEnough() throws {
    let rig = try GoodTokenTests.rig([("issuer", ["a", "b"]), ("audience", ["x", "y"])])
    #expect(try rig.judge(Signer.ed25519.token(#"{"iss":"b","aud":["q","y"]}"#)).text == "next")
    #expect(try rig.judge(Signer.ed25519.token(#"{"iss":"a","aud":"x"}"#)).text == "next")
    #expect(try rig.judge(Signer.ed25519.token(#"{"iss":"x","aud":"x"}"#)).text == "token_issuer_unknown")
    #expect(try rig.judge(Signer.ed25519.token(#"{"iss":"a","aud":"a"}"#)).text == "token_audience_wrong")
  }

  @Test func aTokenOfOneDomainIsWorthNothingInAnother() throws {
    let rig = try GoodTokenTests.rig([("domain_claim", "aud")])
    func judged(_ token: String, in domain: String?) throws -> String {
      let exchange = try rig.exchange(fields: ["Authorization: Bearer \(token)"])
      exchange.domain = domain.map { DomainFacts(name: $0) }
      return Judgement(rig.filter.identify(exchange), exchange.identity).text
    }
    let one = Signer.ed25519.token(#"{"aud":"a.example"}"#)
    let both = Signer.ed25519.token(#"{"aud":["a.example","b.example"]}"#)
    for _ in 0..<2 {
      #expect(try judged(one, in: "a.example") == "next")
      #expect(try judged(one, in: "b.example") == "token_wrong_domain")
      #expect(try judged(one, in: "a.example.evil") == "token_wrong_domain")
      #expect(try judged(one, in: nil) == "token_wrong_domain")
      #expect(try judged(both, in: "b.example") == "next")
      #expect(try judged(Self.token, in: "a.example") == "token_wrong_domain")
      #expect(try judged(Signer.ed25519.token(#"{"aud":"A.example"}"#), in: "a.example") == "token_wrong_domain")
    }
  }

  /// (r, n - s) is as good a signature as (r, s). It is no new caller.
  @Test func theOtherSignatureIsTheSameCaller() throws {
    let (_, bytes) = Attack.signatureBytes(.p256)
    var borrow = 0
    var other: [UInt8] = []
    for (n, s) in zip(Attack.order, bytes.suffix(32)).reversed() {
      let difference = Int(n) - Int(s) - borrow
      borrow = difference < 0 ? 1 : 0
      other.insert(UInt8(difference & 0xFF), at: 0)
    }
    let rig = try GoodTokenTests.rig()
    let first = try #require(try rig.judge(Attack.signed(.p256, bytes)).identity)
    let second = try #require(try rig.judge(Attack.signed(.p256, bytes.prefix(32) + other)).identity)
    #expect(first.fingerprint == second.fingerprint)
  }

  @Test func severalAuthorizationFieldsDoNotGetThrough() throws {
    let rig = try GoodTokenTests.rig()
    #expect(throws: (any Error).self) { try rig.judge(target: "/me", fields: [Self.field, Self.field]) }
  }
}
