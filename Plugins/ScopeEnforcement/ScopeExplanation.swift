package import GatewayKit
package import HTTPWire

/// Why a request would be let through or not, in words. The judgement is ``ScopePolicy``'s own.
package struct ScopeExplanation: Sendable {
  package let operation: OperationCatalog.Operation?
  /// What the operation and the route ask for, a sentence each.
  package let wants: [String]
  /// The names of the catalogue that the token has once its groups are widened; nil without a token.
  package let widened: [String]?
  /// Scopes of the token that the catalogue does not know.
  package let unknown: [String]
  /// Scopes of the token that are deprecated groups.
  package let deprecated: [String]
  /// The scopes of the token that satisfy the operation.
  package let sufficient: [String]
  /// The answer; nil when the request is let through.
  package let refusal: Reply?
  /// Whether a refusal would only be counted.
  package let isShadow: Bool
}

extension ScopePolicy {
  /// Judges a request as the filter does, and says why.
  package func explain(_ request: RequestHead, _ identity: Identity?) -> ScopeExplanation {
    var request = request
    let rule = rule(for: &request)
    let widened = identity.map { universe.widen($0.scopes) }
    return ScopeExplanation(
      operation: rule?.operation, wants: [wants(rule)] + routeWants,
      widened: widened.map { universe.names(of: $0.set) },
      unknown: widened?.unknown ?? [], deprecated: widened?.deprecated ?? [],
      sufficient: sufficient(rule, widened?.set),
      refusal: refusal(rule, identity, identity?.effectiveScopes(in: universe)), isShadow: isShadow)
  }

  private func wants(_ rule: OperationRule?) -> String {
    guard let rule else {
      return allowsUnlisted
        ? "nothing: it is no operation, and unlisted: allow lets it through" : "it is no operation of the catalogue"
    }
    switch rule.access {
    case .open: return "nothing: no token is needed"
    case .nobody:
      if !rule.operation.statesSecurity { return "nobody: the description does not say who may call it" }
      return "nobody: it needs \(rule.operation.unverifiable.joined(separator: ", ")), which is not verified here"
    case .token: return tokenWants(rule.operation)
    }
  }

  private func tokenWants(_ operation: OperationCatalog.Operation) -> String {
    let wanted = WantedScopes(operation)
    let oauth = operation.deniesOAuth ? "; no OAuth token" : ""
    if wanted.acceptsAnyToken || !operation.statesSecurity { return "any verified token\(oauth)" }
    var ways: [String] = wanted.single.isEmpty ? [] : ["one of \(wanted.single.joined(separator: ", "))"]
    ways += wanted.several.map { "all of \($0.joined(separator: ", "))" }
    return ways.joined(separator: "; or ") + oauth
  }

  private var routeWants: [String] {
    guard let routeRule else { return [] }
    let any = routeRule.anyNames.isEmpty ? [] : ["the route: one of \(routeRule.anyNames.joined(separator: ", "))"]
    let all = routeRule.allNames.isEmpty ? [] : ["the route: all of \(routeRule.allNames.joined(separator: ", "))"]
    return any + all
  }

  private func sufficient(_ rule: OperationRule?, _ scopes: ScopeSet?) -> [String] {
    guard let rule, let scopes, rule.access == .token else { return [] }
    let wanted = WantedScopes(rule.operation)
    let single = wanted.single.filter { scopes.intersects(universe.set(of: [$0])) }
    return single.isEmpty ? wanted.several.first { scopes.contains(universe.set(of: $0)) } ?? [] : single
  }

  /// Scope names in the rules of the route that the catalogue does not know.
  package var unknownRuleNames: [String] {
    let known = catalog.universe()
    return ((routeRule?.anyNames ?? []) + (routeRule?.allNames ?? [])).filter {
      !known.knows($0) && !catalog.deprecatedGroups.contains($0)
    }
  }
}
