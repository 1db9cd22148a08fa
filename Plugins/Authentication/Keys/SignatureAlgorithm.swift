/// The signature algorithms that tokens may use (RFC 7518 section 3.1, RFC 8037 section 3.1).
enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
  case edDSA = "EdDSA"
  case es256 = "ES256"
  case rs256 = "RS256"
  case hs256 = "HS256"

  /// Algorithms whose keys are public, so that a holder of the key cannot make tokens.
  static let asymmetric: [SignatureAlgorithm] = [.edDSA, .es256, .rs256]
}
