/// A token that is refused though it would be good by itself.
public struct TokenRevocation: Sendable, Hashable {
  /// What names the token.
  public enum Target: Sendable, Hashable {
    /// The token's id (`jti` claim), of any issuer or of this one.
    case id(String, issuer: String?)
    /// The first 64 bits of the token's fingerprint, which the log shows (``Fingerprint/shortText``).
    case hash(UInt64)
  }

  /// Which token.
  public var target: Target
  /// Why, in the operator's words.
  public var note: String?
  /// When the revocation ends, because the token would by then, in seconds since 1970; nil for never.
  public var until: Int64?
  /// When the token was revoked, in seconds since 1970; set when the revocation comes into force.
  public internal(set) var since: Int64 = 0

  /// A revocation.
  public init(_ target: Target, note: String? = nil, until: Int64? = nil) {
    self.target = target
    self.note = note
    self.until = until
  }

  func isOver(at seconds: Int64) -> Bool {
    guard let until else { return false }
    return seconds >= until
  }
}

extension TokenRevocation: Comparable {
  /// By time, then by target, so that a list has one order.
  public static func < (left: Self, right: Self) -> Bool {
    (left.since, left.target.order.0, left.target.order.1) < (right.since, right.target.order.0, right.target.order.1)
  }
}

extension TokenRevocation.Target {
  fileprivate var order: (String, String) {
    switch self {
    case .id(let id, let issuer): (id, issuer ?? "")
    case .hash(let hash): ("", Fingerprint.text(of: hash))
    }
  }
}

/// Why a change of the list of revocations was not made, or not in full.
public enum RevocationFailure: Error, Sendable, Equatable {
  /// As many are in force as may be; nothing was changed.
  case full(most: Int)
  /// The file could not be written: a revocation is in force until the process ends; what was to be taken back stays.
  case notKept(path: String, reason: String)
}
