import GatewayKit

/// A fact of a verified token that the origin may be told.
enum IdentityFact: Sendable, Hashable {
  case subject, kind, issuer, tokenID, scopes, expiry, hash
  case claim(String)

  private static let plain: [(name: String, fact: IdentityFact)] = [
    ("subject", .subject), ("kind", .kind), ("issuer", .issuer), ("token_id", .tokenID), ("scopes", .scopes),
    ("expiry", .expiry), ("hash", .hash),
  ]
  private static let claimPrefix = "claim."

  /// What the settings call them.
  static var names: [String] { plain.map(\.name) }

  /// The fact that the settings mean; nil when they mean none.
  init?(_ text: String) {
    if let known = Self.plain.first(where: { $0.name == text }) {
      self = known.fact
    } else if text.hasPrefix(Self.claimPrefix), text.utf8.count > Self.claimPrefix.utf8.count {
      self = .claim(String(text.dropFirst(Self.claimPrefix.count)))
    } else {
      return nil
    }
  }

  /// The fact as text; nil when the token does not say.
  func text(of identity: Identity) -> String? {
    switch self {
    case .subject: Self.said(identity.subject)
    case .kind: Self.said(identity.kind)
    case .issuer: Self.said(identity.issuer)
    case .tokenID: Self.said(identity.tokenID)
    case .scopes: identity.scopes.joined(separator: " ")
    case .expiry: identity.expiry == .max ? nil : "\(identity.expiry / 1_000_000_000)"
    case .hash: identity.fingerprint.shortText
    case .claim(let name): identity.claims.first { $0.name == name }?.value
    }
  }

  private static func said(_ text: String) -> String? { text.isEmpty ? nil : text }
}
