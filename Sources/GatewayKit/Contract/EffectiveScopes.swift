import Synchronization

/// The scopes of an identity, widened by the groups of a catalogue: facts that are computed once and judged anew by every
/// route.
public final class EffectiveScopes: Sendable {
  /// The names that the set is about.
  public let universe: ScopeUniverse
  /// The scopes.
  public let set: ScopeSet
  /// Stands for all of the scopes, those that the universe does not know among them, and for the kind of token: who has
  /// the same may share an answer of the class `scopes`.
  public let fingerprint: Fingerprint
  /// Whether the token names a group that its catalogue calls deprecated.
  public let usesDeprecatedGroup: Bool

  private let wasCounted = Atomic<Bool>(false)

  init(universe: ScopeUniverse, set: ScopeSet, fingerprint: Fingerprint, usesDeprecatedGroup: Bool) {
    self.universe = universe
    self.set = set
    self.fingerprint = fingerprint
    self.usesDeprecatedGroup = usesDeprecatedGroup
  }

  /// Counts a token that names a deprecated group, at its first request.
  public func countDeprecated(_ counter: Counter) {
    guard usesDeprecatedGroup, !wasCounted.load(ordering: .relaxed) else { return }
    if !wasCounted.exchange(true, ordering: .relaxed) { counter.add() }
  }
}
