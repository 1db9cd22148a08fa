/// The signature algorithms that tokens may use (RFC 7518 section 3.1, RFC 8037 section 3.1).
enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  case edDSA = "EdDSA"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"

  static let rsa: [SignatureAlgorithm] = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
  static let symmetric: [SignatureAlgorithm] = [.hs256, .hs384, .hs512]
  /// Algorithms whose keys are public, so that a holder of the key cannot make tokens.
  static let asymmetric: [SignatureAlgorithm] = [.edDSA, .es256, .es384, .es512] + rsa

  var isSymmetric: Bool { Self.symmetric.contains(self) }

  /// A secret is at least as long as the hash (RFC 7518 section 3.2); 0 for what takes none.
  var shortestSecret: Int {
    switch self {
    case .hs256: 32
    case .hs384: 48
    case .hs512: 64
    default: 0
    }
  }
}
