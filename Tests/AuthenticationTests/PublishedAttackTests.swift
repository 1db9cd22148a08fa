import Testing

@testable import Authentication
@testable import GatewayKit

/// The attacks that were published, by bytes: a field could not carry some of them.
@Suite struct PublishedAttackTests {
  private static func rig() throws -> Rig {
    try GoodTokenTests.rig([("issuer", .text(Attack.issuer)), ("audience", .text(Attack.audience))])
  }

  private static func judge(_ token: String, _ rig: Rig) -> TokenFailure? {
    Array(token.utf8).withUnsafeBytes { bytes in
      do throws(TokenFailure) {
        _ = try rig.plugin.judge.judge(bytes, at: rig.loop.wall, domain: nil)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func eachHasItsSource() {
    #expect(Attack.published.count >= 60)
    #expect(Set(Attack.published.map(\.name)).count == Attack.published.count)
    #expect(Attack.published.allSatisfy { $0.name.hasPrefix("CVE-") || $0.name.hasPrefix("RFC ") })
  }

  @Test(arguments: Attack.published) func isRefused(_ attack: Attack) throws {
    let rig = try Self.rig()
    for _ in 0..<2 { #expect(Self.judge(attack.token, rig)?.reason.text == attack.reason) }
    #expect(rig.plugin.judge.cache.count == 0)
  }

  /// What they are made from is good, so each is refused for what is wrong with it.
  @Test(arguments: Signer.every) func theirSignersAreTaken(_ signer: Signer) throws {
    let rig = try Self.rig()
    #expect(Self.judge(signer.token(Attack.good), rig) == nil)
    #expect(Self.judge(Attack.signed(signer, Attack.signatureBytes(signer).bytes), rig) == nil)
  }

  /// Names that mean something to other languages mean nothing here; nor does a certificate's fingerprint.
  @Test func harmlessOnes() throws {
    let rig = try Self.rig()
    let claims = Attack.claims(#","__proto__":{"scope":["x"]},"constructor":1,"toString":null,"":0"#)
    #expect(Self.judge(Signer.ed25519.token(claims), rig) == nil)
    let header = #"{"alg":"EdDSA","kid":"ed","x5t":"AA","x5t#S256":"AA","cty":"x","__proto__":{}}"#
    #expect(Self.judge(Signer.ed25519.token(header: header, claims: Attack.good), rig) == nil)
  }
}
