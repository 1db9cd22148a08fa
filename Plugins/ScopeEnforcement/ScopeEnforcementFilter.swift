import GatewayKit

/// Decides whether the identity's scopes allow the operation. It decides anew for every exchange and remembers nothing.
final class ScopeEnforcementFilter: AuthorizeFilter {
  private let policy: ScopePolicy
  private let counters: ScopeCounters

  init(policy: ScopePolicy, counters: ScopeCounters) {
    self.policy = policy
    self.counters = counters
  }

  func authorize(_ exchange: Exchange) -> Verdict {
    let identity = exchange.identity
    let scopes = identity?.effectiveScopes(in: policy.universe)
    exchange.effectiveScopes = scopes
    scopes?.countDeprecated(counters.deprecated)
    let rule = policy.rule(for: &exchange.request)
    exchange.operation = rule?.operation
    guard let refusal = policy.refusal(rule, identity, scopes) else { return .next }
    if !policy.isShadow { return .reply(refusal) }
    note(refusal, exchange)
    return .next
  }

  /// What would have been refused goes on; that it would have been is counted and logged.
  private func note(_ refusal: Reply, _ exchange: Exchange) {
    guard let reason = refusal.reason else { return }
    counters.shadowDenials[reason]?.add()
    if exchange.shadowReason == nil { exchange.shadowReason = reason }
  }
}
