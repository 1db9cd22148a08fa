import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A key that verifies signatures. What it is used for is said by ``KeyTerms``.
enum KeyMaterial: Sendable {
  case ed25519(Curve25519.Signing.PublicKey)
  case p256(P256.Signing.PublicKey)
  case p384(P384.Signing.PublicKey)
  case p521(P521.Signing.PublicKey)
  case rsa(_RSA.Signing.PublicKey)
  case secret(SymmetricKey)

  static let shortestSecret = SignatureAlgorithm.hs256.shortestSecret
  /// Larger moduli only cost time.
  static let longestModulus = 8192

  /// What a key of this type could be used for; the first is what it is for when nobody says more. A curve has one
  /// algorithm (RFC 7518 section 3.4).
  var possible: [SignatureAlgorithm] {
    switch self {
    case .ed25519: [.edDSA]
    case .p256: [.es256]
    case .p384: [.es384]
    case .p521: [.es512]
    case .rsa: SignatureAlgorithm.rsa
    case .secret: SignatureAlgorithm.symmetric
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
      throw KeyProblem("is an RSA key of \(key.keySizeInBits) bits; 2048 to \(longestModulus) are taken")
    }
    return .rsa(key)
  }

  /// What equal keys have in common; secret for a secret, so it stays inside.
  var digest: SHA256Digest {
    switch self {
    case .ed25519(let key): SHA256.hash(data: key.rawRepresentation)
    case .p256(let key): SHA256.hash(data: key.x963Representation)
    case .p384(let key): SHA256.hash(data: key.x963Representation)
    case .p521(let key): SHA256.hash(data: key.x963Representation)
    case .rsa(let key): SHA256.hash(data: key.derRepresentation)
    case .secret(let key): key.withUnsafeBytes { SHA256.hash(data: $0) }
    }
  }
}
