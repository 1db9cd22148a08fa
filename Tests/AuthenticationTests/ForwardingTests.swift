import Foundation
import HTTPWire
import NIOCore
import Testing

@testable import Authentication
@testable import GatewayKit

/// What the origin learns of the caller. That it goes over the wire is seen in the integration tests.
@Suite struct ForwardingTests {
  static let claims =
    #"{"sub":"u 1","subtype":"apiToken","jti":"t1","iss":"id.example","scope":"b a","exp":1800000000,"plan":"gold"}"#

  /// The lines that the origin gets on top, and whether the caller's token is among the request's own fields.
  private func forwarded(
    _ forward: Setting, _ claims: String = claims, more: [(String, Setting)] = [], fields: [String] = []
  ) throws -> (added: String, keepsToken: Bool, sent: [String]) {
    let rig = try GoodTokenTests.rig([("forward", forward)] + more)
    let exchange = try rig.exchange(fields: ["Authorization: Bearer \(Signer.ed25519.token(claims))"] + fields)
    guard case .next = rig.filter.identify(exchange) else { throw Rig.RigError.noHead }
    if let filter = rig.filter as? any RequestFilter { _ = filter.request(exchange) }
    let block = exchange.request.block
    let sent = block.fields.indices.filter { !block.fields[$0].isRemoved }.map { index in
      block.withName(index) { String(decoding: $0, as: UTF8.self) }
    }
    return (String(buffer: exchange.requestAdditions.lines), block.first(.authorization) != nil, sent)
  }

  @Test func theTokenIsPassedOnByDefault() throws {
    let rig = try GoodTokenTests.rig()
    #expect(rig.filter as? any RequestFilter == nil, "the request phase costs nothing")
    let result = try forwarded(["token": "pass"])
    #expect(result.added.isEmpty && result.keepsToken)
  }

  @Test func theTokenIsRemoved() throws {
    let result = try forwarded(["token": "remove"])
    #expect(result.added.isEmpty && !result.keepsToken)
  }

  @Test func theDomainsTokenGoesInItsPlace() throws {
    let file = try #require(GoodTokenTests.folder).write("service.json", Signer.keySet(Signer.all))
    let rig = try Rig(
      [
        "keys": ["jwks": .text(file)], "missing": "allow",
        "forward": ["token": ["env": "SERVICE"]],
      ], environment: ["SERVICE": "service.token_1=="])
    let filter = try #require(rig.filter as? any RequestFilter)
    let caller = try rig.exchange(fields: ["Authorization: Bearer \(Signer.ed25519.token(Self.claims))"])
    _ = rig.filter.identify(caller)
    _ = filter.request(caller)
    #expect(String(buffer: caller.requestAdditions.lines) == "Authorization: Bearer service.token_1==\r\n")
    #expect(caller.request.block.first(.authorization) == nil)
    // Nobody never gets the power of the domain's token.
    let nobody = try rig.exchange(fields: [])
    _ = rig.filter.identify(nobody)
    _ = filter.request(nobody)
    #expect(nobody.requestAdditions.lines.readableBytes == 0)
  }

  @Test func factsAreTold() throws {
    let fields: Setting = [
      "X-User": "subject", "X-Kind": "kind", "X-Token": "token_id", "X-Issuer": "issuer", "X-Scopes": "scopes",
      "X-Until": "expiry",
    ]
    let result = try forwarded(["fields": fields])
    #expect(
      result.added
        == "X-User: u 1\r\nX-Kind: apiToken\r\nX-Token: t1\r\nX-Issuer: id.example\r\nX-Scopes: a b\r\n"
        + "X-Until: 1800000000\r\n")
    #expect(result.keepsToken)
    #expect(try forwarded(["fields": fields], "{}").added == "X-Scopes: \r\n", "what a token does not say is not told")
  }

  @Test func noTextCanBecomeAFieldOfItsOwnOrAnotherText() throws {
    for (text, sent) in [
      (#"a\r\nX-Admin: 1"#, "a%0D%0AX-Admin: 1"), (#" a "#, "%20a%20"), ("\u{e9}", "%C3%A9"), ("100%", "100%25"),
      (#"a\u0000"#, "a%00"), (#"a\tb"#, "a%09b"),
    ] {
      #expect(try forwarded(["fields": ["X-User": "subject"]], #"{"sub":"\#(text)"}"#).added == "X-User: \(sent)\r\n")
    }
  }

  @Test(arguments: ["X-User: admin", "x-user: admin", "X_USER: admin", "xuser: admin", "X-U-S-E-R: admin", "x.user: a"])
  func theClientsCopiesAreRemoved(_ field: String) throws {
    for claims in [Self.claims, "{}"] {
      let result = try forwarded(["fields": ["X-User": "subject"]], claims, fields: [field, "X-Users: 1", "X-Use: 2"])
      #expect(result.sent == ["Host", "Authorization", "X-Users", "X-Use"])
      #expect(!result.added.contains("admin"))
    }
  }

  @Test func whatTheFloorSaidStands() throws {
    let exchange = try GoodTokenTests.rig().exchange(
      fields: ["Authorization: Bearer \(Signer.ed25519.token(Self.claims))"])
    for forward: Setting in [["fields": ["X-A": "subject"]], ["fields": ["X-A": "kind", "X-B": "token_id"]]] {
      let rig = try GoodTokenTests.rig([("forward", forward)])
      _ = rig.filter.identify(exchange)
      _ = (rig.filter as? any RequestFilter)?.request(exchange)
    }
    #expect(String(buffer: exchange.requestAdditions.lines) == "X-A: u 1\r\nX-B: t1\r\n")
  }

  @Test(
    arguments: [
      ["token": "drop"], ["token": ["env": "NOBODY_HAS_SET_THIS"]], ["fields": ["X-User": "name"]],
      ["fields": ["Host": "subject"]], ["fields": ["X_User": "subject"]], ["fields": ["Authorization": "subject"]],
      ["fields": ["X User": "subject"]], ["fields": ["X-User": "subject", "x-user": "kind"]],
      ["fields": ["X-User": "claim."]], ["fields": ["Content-Length": "expiry"]],
      ["fields": ["ContentLength": "expiry"]], ["fields": ["Losant-Domain": "claim.d"]],
      ["fields": ["Authori-zation": "subject"]], ["fields": ["X-ForwardedFor": "subject"]], ["other": "x"],
    ] as [Setting])
  func wrongSettingsFailTheLoad(_ forward: Setting) {
    #expect(throws: ConfigurationError.self) { try GoodTokenTests.rig([("forward", forward)]) }
  }

  @Test func aTokenInTheQueryCannotBeTakenAway() {
    for (token, isGood) in [("remove", false), ("pass", true)] {
      let rig = try? GoodTokenTests.rig([("query", "judge"), ("forward", ["token": .text(token)])])
      #expect((rig != nil) == isGood)
    }
  }
}
