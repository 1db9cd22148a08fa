import Synchronization

/// The facts of a verified token. Facts, never decisions: every route judges them anew.
public final class Identity: Sendable {
  /// Stands for the token in keys and logs: made of the signed part, so that no other spelling of it is another caller.
  public let fingerprint: Fingerprint
  /// The `sub` claim.
  public let subject: String
  /// The token's kind (`subtype` claim), empty when it names none.
  public let kind: String
  /// The `iss` claim, empty when it has none.
  public let issuer: String
  /// The token's id (`jti` claim), empty when it has none.
  public let tokenID: String
  /// The scopes that the token carries, sorted, each once.
  public let scopes: [String]
  /// Stands for the set of scopes: equal for equal sets.
  public let scopesFingerprint: Fingerprint
  /// When the token ends, in nanoseconds since 1970; `Int64.max` when it never does.
  public let expiry: Int64

  /// The values of those claims that the settings ask to keep, as text.
  public let claims: [(name: String, value: String)]

  /// The version of the list of revocations at which the token was looked up in it last, and was not there.
  let passedRevocations = Atomic<UInt64>(0)

  private let memo = Mutex<[(universe: ScopeUniverse, set: ScopeSet)]>([])

  /// The facts of a token that has been verified.
  public init(
    fingerprint: Fingerprint, subject: String, kind: String, issuer: String, tokenID: String, scopes: [String],
    scopesFingerprint: Fingerprint, expiry: Int64, claims: [(name: String, value: String)] = []
  ) {
    self.fingerprint = fingerprint
    self.subject = subject
    self.kind = kind
    self.issuer = issuer
    self.tokenID = tokenID
    self.scopes = scopes
    self.scopesFingerprint = scopesFingerprint
    self.expiry = expiry
    self.claims = claims
  }

  /// The identity's scopes as a set of a universe, computed once for each of the last few universes.
  public func scopeSet(in universe: ScopeUniverse) -> ScopeSet {
    memo.withLock { memo in
      for entry in memo where entry.universe === universe { return entry.set }
      let set = universe.set(of: scopes)
      if memo.count == Self.remembered { memo.removeFirst() }
      memo.append((universe, set))
      return set
    }
  }

  private static let remembered = 4
}
