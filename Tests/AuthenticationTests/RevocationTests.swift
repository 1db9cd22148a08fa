import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct RevocationTests {
  private static let token = Signer.ed25519.token(#"{"sub":"u","iss":"id.example","jti":"one"}"#)

  /// The token was verified and is remembered; it is refused all the same, and taken again when it is restored.
  @Test(arguments: [TokenRevocation.Target.id("one", issuer: nil), .id("one", issuer: "id.example")])
  func aRevokedTokenIsRefusedAtTheNextRequest(_ target: TokenRevocation.Target) throws {
    let rig = try GoodTokenTests.rig()
    #expect(try rig.judge(Self.token).text == "next")
    _ = try rig.revocations.revoke(TokenRevocation(target))
    let judgement = try rig.judge(Self.token)
    #expect(judgement.text == "token_revoked" && judgement.status == 401 && judgement.identity == nil)
    #expect(judgement.fields.hasPrefix("WWW-Authenticate: Bearer error=\"invalid_token\""))
    #expect(try rig.judge(Signer.ed25519.token(#"{"sub":"u","iss":"id.example","jti":"two"}"#)).text == "next")
    _ = try rig.revocations.restore(target)
    #expect(try rig.judge(Self.token).text == "next")
  }

  @Test func theHashOfTheLogNamesTheToken() throws {
    let rig = try GoodTokenTests.rig()
    let fingerprint = try #require(try rig.judge(Self.token).identity).fingerprint
    let members = try RevocationMembers(Array("{\"hash\":\"\(fingerprint.shortText)\"}".utf8), known: ["hash"])
    _ = try rig.revocations.revoke(TokenRevocation(try members.target()))
    #expect(try rig.judge(Self.token).text == "token_revoked")
  }

  /// A token that is not known yet is no way around the list, and neither is the query.
  @Test func aTokenNeverSeenIsRefusedToo() throws {
    let rig = try GoodTokenTests.rig([("query", "judge"), ("missing", "allow")])
    _ = try rig.revocations.revoke(TokenRevocation(.id("one", issuer: nil)))
    #expect(try rig.judge(Self.token).text == "token_revoked")
    #expect(try rig.judge(target: "/me?access_token=\(Self.token)").text == "token_revoked")
  }
}
