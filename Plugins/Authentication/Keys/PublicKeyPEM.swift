import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads a public key from PEM (RFC 7468, `PUBLIC KEY`).
enum PublicKeyPEM {
  /// SubjectPublicKeyInfo of Ed25519 up to the key's 32 bytes (RFC 8410 section 4).
  private static let ed25519Prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]

  /// The key for that algorithm.
  static func key(_ pem: String, for algorithm: SignatureAlgorithm) throws(KeyProblem) -> KeyMaterial {
    if pem.contains("PRIVATE KEY") { throw KeyProblem("holds a private key; put the public key there") }
    do {
      switch algorithm {
      case .edDSA: return try ed25519(pem)
      case .es256: return .p256(try P256.Signing.PublicKey(pemRepresentation: pem))
      case .es384: return .p384(try P384.Signing.PublicKey(pemRepresentation: pem))
      case .es512: return .p521(try P521.Signing.PublicKey(pemRepresentation: pem))
      case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
        let key = try _RSA.Signing.PublicKey(unsafePEMRepresentation: pem)
        return try KeyMaterial.rsa(checked: key)
      case .hs256, .hs384, .hs512:
        throw KeyProblem("is no secret; \(algorithm.rawValue) takes { secret: { file: path } }")
      }
    } catch let problem as KeyProblem {
      throw problem
    } catch {
      throw KeyProblem("holds no public key for \(algorithm.rawValue) in PEM")
    }
  }

  private static func ed25519(_ pem: String) throws -> KeyMaterial {
    let lines = pem.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " } }
    guard lines.first == "-----BEGIN PUBLIC KEY-----", lines.last == "-----END PUBLIC KEY-----",
      let der = Data(base64Encoded: lines.dropFirst().dropLast().joined()),
      der.count == ed25519Prefix.count + 32, der.starts(with: ed25519Prefix)
    else { throw KeyProblem("holds no public key for EdDSA (Ed25519) in PEM") }
    return .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: der.suffix(32)))
  }
}
