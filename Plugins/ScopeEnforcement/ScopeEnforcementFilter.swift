import GatewayKit

/// Decides whether the identity's scopes allow the operation. It decides anew for every exchange and remembers nothing.
final class ScopeEnforcementFilter: AuthorizeFilter {
  private let policy: ScopePolicy

  init(policy: ScopePolicy) { self.policy = policy }

  func authorize(_ exchange: Exchange) -> Verdict {
    guard let rule = policy.rule(for: exchange.request) else {
      exchange.operation = nil
      return policy.allowsUnlisted ? judgeRoute(exchange) : .reply(policy.operationUnknown)
    }
    exchange.operation = rule.operation
    if rule.operation.requiresToken {
      guard let identity = exchange.identity else { return .reply(policy.tokenMissing) }
      if rule.operation.deniesOAuth, OAuthKind.isNamed(by: identity.kind) { return .reply(rule.oauthDenied) }
      guard identity.scopeSet(in: policy.universe).intersects(rule.scopes) else { return .reply(rule.insufficient) }
    }
    return judgeRoute(exchange)
  }

  private func judgeRoute(_ exchange: Exchange) -> Verdict {
    guard let rule = policy.routeRule else { return .next }
    guard let identity = exchange.identity else { return .reply(policy.tokenMissing) }
    if let refusal = rule.refusal(identity.scopeSet(in: policy.universe)) { return .reply(refusal) }
    return .next
  }
}
