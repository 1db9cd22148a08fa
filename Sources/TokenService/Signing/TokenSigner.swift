import Foundation
import JWTKit

/// Signs tokens and checks the tokens that it signed. Stateless but for its keys.
struct TokenSigner: Sendable {
  enum Failure: Error {
    case invalid
    case expired
  }

  /// The public halves of all keys, the one that signs first.
  let keySet: PublicKeySet
  private let keys: JWTKeyCollection
  private let current: JWKIdentifier

  /// The longest token that is looked at, in bytes; one with every scope there is has about 17,000.
  static let maximumLength = 32 << 10

  /// The current key signs, all of them verify.
  init(current: SigningKey, older: [SigningKey]) async {
    self.current = JWKIdentifier(string: current.id)
    keySet = PublicKeySet(keys: ([current] + older).map(\.publicJWK))
    keys = JWTKeyCollection()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let serializer = DefaultJWTSerializer(jsonEncoder: encoder)
    for key in [current] + older {
      let kid = JWKIdentifier(string: key.id)
      await keys.add(eddsa: key.privateKey, kid: kid, parser: StrictParser(), serializer: serializer)
    }
    // The first key became the default, which would verify tokens whose `kid` is absent or none of ours.
    await keys.clearDefault()
  }

  func sign(_ claims: TokenClaims) async throws -> String {
    try await keys.sign(claims, kid: current)
  }

  func verify(_ token: String, now: Date) async throws(Failure) -> TokenClaims {
    guard token.utf8.count <= Self.maximumLength, Self.isCanonical(token) else { throw .invalid }
    let claims: TokenClaims
    do {
      claims = try await keys.verify(token)
    } catch {
      throw .invalid
    }
    if let exp = claims.exp, now.timeIntervalSince1970 >= Double(exp) { throw .expired }
    return claims
  }

  /// Whether the token's signature is written in the one way there is for its bytes (RFC 4648, sections 3.5 and 5).
  ///
  /// JWTKit also reads padding, `+` and `/`, and spare bits that are set. The parts before are covered by the signature.
  private static func isCanonical(_ token: String) -> Bool {
    let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    // 64 bytes are 85 digits of six bits each, and one whose lower four bits are zero.
    guard parts.count == 3, parts[2].count == 86, let last = parts[2].last, "AQgw".utf8.contains(last)
    else { return false }
    return parts[2].allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == 0x2D || byte == 0x5F
    }
  }
}
