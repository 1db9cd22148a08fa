import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A key that verifies signatures of one algorithm.
enum KeyMaterial: Sendable {
  case ed25519(Curve25519.Signing.PublicKey)
  case p256(P256.Signing.PublicKey)
  case rsa(_RSA.Signing.PublicKey)
  case secret(SymmetricKey)

  /// RFC 7518 section 3.2: a secret is at least as long as the hash.
  static let shortestSecret = 32
  /// Larger moduli only cost time.
  static let longestModulus = 8192

  /// The one algorithm that the key is good for (RFC 8725 section 3.1).
  var algorithm: SignatureAlgorithm {
    switch self {
    case .ed25519: .edDSA
    case .p256: .es256
    case .rsa: .rs256
    case .secret: .hs256
    }
  }

  /// Whether the signature is this key's over exactly these bytes.
  func isValid(_ signature: [UInt8], for signed: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .ed25519(let key):
      return key.isValidSignature(signature, for: signed)
    case .p256(let key):
      guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
      return key.isValidSignature(signature, for: signed)
    case .rsa(let key):
      let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
      return key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
    case .secret(let key):
      return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: signed, using: key)
    }
  }

  /// A shared secret.
  static func secret(bytes: [UInt8]) throws(KeyProblem) -> KeyMaterial {
    guard bytes.count >= shortestSecret else {
      throw KeyProblem("a secret for HS256 needs \(shortestSecret) bytes or more (RFC 7518 section 3.2)")
    }
    return .secret(SymmetricKey(data: bytes))
  }

  /// An RSA key that is neither weak nor a burden.
  static func rsa(checked key: _RSA.Signing.PublicKey) throws(KeyProblem) -> KeyMaterial {
    guard (2048...longestModulus).contains(key.keySizeInBits) else {
      throw KeyProblem("an RSA key needs 2048 to \(longestModulus) bits, this one has \(key.keySizeInBits)")
    }
    return .rsa(key)
  }

  /// What equal keys have in common; secret for a secret, so it stays inside.
  var digest: SHA256Digest {
    switch self {
    case .ed25519(let key): SHA256.hash(data: key.rawRepresentation)
    case .p256(let key): SHA256.hash(data: key.x963Representation)
    case .rsa(let key): SHA256.hash(data: key.derRepresentation)
    case .secret(let key): key.withUnsafeBytes { SHA256.hash(data: $0) }
    }
  }
}
