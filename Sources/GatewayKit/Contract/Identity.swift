import Synchronization

/// The facts of a verified token. Facts, never decisions: every route judges them anew.
public final class Identity: Sendable {
  /// Stands for the token in keys and logs: made of the signed part, so that no other spelling of it is another caller.
  public let fingerprint: Fingerprint
  /// The `sub` claim.
  public let subject: String
  /// The token's kind (`subtype` claim, unless the settings name another), empty when it names none.
  public let kind: String
  /// The `iss` claim, empty when it has none.
  public let issuer: String
  /// The token's id (`jti` claim, unless the settings name another), empty when it has none.
  public let tokenID: String
  /// The scopes that the token carries, sorted, each once.
  public let scopes: [String]
  /// Stands for the set of scopes: equal for equal sets.
  public let scopesFingerprint: Fingerprint
  /// When the token ends, in nanoseconds since 1970; `Int64.max` when it never does.
  public let expiry: Int64
  /// The values of further claims that the settings ask for, each bounded.
  public let claims: [(name: String, value: String)]
  /// When the token was issued (`iat` claim), in nanoseconds since 1970; 0 when it does not say.
  public let issuedAt: Int64

  /// The version of the list of revocations at which the token was looked up in it last, and was not there.
  let passedRevocations = Atomic<UInt64>(0)

  /// What the first universe made of the scopes; most identities meet one only, and read it without a lock.
  private let firstScopes = AtomicLazyReference<EffectiveScopes>()
  private let otherScopes = Mutex<[EffectiveScopes]>([])

  /// The facts of a token that has been verified.
  public init(
    fingerprint: Fingerprint, subject: String, kind: String, issuer: String, tokenID: String, scopes: [String],
    scopesFingerprint: Fingerprint, expiry: Int64, claims: [(name: String, value: String)] = [], issuedAt: Int64 = 0
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
    self.issuedAt = issuedAt
  }

  /// The identity's scopes as a universe sees them, computed once for each of the last few universes.
  public func effectiveScopes(in universe: ScopeUniverse) -> EffectiveScopes {
    if let first = firstScopes.load(), first.universe === universe { return first }
    return otherScopes(in: universe)
  }

  private func otherScopes(in universe: ScopeUniverse) -> EffectiveScopes {
    if firstScopes.load() == nil {
      let first = firstScopes.storeIfNil(universe.effectiveScopes(of: scopes, kind: kind))
      if first.universe === universe { return first }
    }
    return otherScopes.withLock { others in
      if let known = others.first(where: { $0.universe === universe }) { return known }
      let made = universe.effectiveScopes(of: scopes, kind: kind)
      if others.count == Self.remembered { others.removeFirst() }
      others.append(made)
      return made
    }
  }

  /// How many universes are remembered besides the first.
  private static let remembered = 4
}
