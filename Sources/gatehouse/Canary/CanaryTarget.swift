import GatewayEngine
import GatewayKit
import HTTPWire
import ResponseCaching
import ScopeEnforcement

/// A request that a cache may answer.
struct CanaryTarget: Sendable {
  let domain: String
  /// The route's pattern; `*` for what no route takes.
  let pattern: String
  let path: String
  /// Who shares answers, by each cache of the route.
  let shares: [String]
  /// Scopes that allow it.
  let scopes: [String]
  /// Whether a token without them is refused.
  let judgesScopes: Bool
  /// The plugins of the route, with their settings.
  let use: [UseEntry]
}

/// Finds them.
struct CanaryTargets {
  let generation: Generation
  /// How many operations stand for a route that takes many.
  let operations: Int

  func find(in domain: DomainConfiguration) -> [CanaryTarget] {
    guard let index = generation.domainIndex(named: domain.name) else { return [] }
    var targets: [CanaryTarget] = []
    for (route, plugins) in zip(domain.routes, generation.routePlugins(inDomain: index))
    where route.methods?.contains("GET") ?? true && !route.isStream {
      let use = generation.configuration.effectiveUse(domain: domain, route: route)
      for path in paths(route.path, plugins) {
        guard let target = target(path, route.path, domain.name, index, plugins, use) else { continue }
        targets.append(target)
      }
    }
    if let plugins = generation.fallbackPlugins(inDomain: index) {
      let use = generation.configuration.effectiveUse(domain: domain, route: nil)
      for path in paths("/*", plugins) {
        guard let target = target(path, "*", domain.name, index, plugins, use) else { continue }
        targets.append(target)
      }
    }
    return targets
  }

  /// What a request for this path meets elsewhere.
  func target(like target: CanaryTarget, in domain: DomainConfiguration) -> CanaryTarget? {
    guard let index = generation.domainIndex(named: domain.name), let head = Self.head(target.path),
      let destination = generation.destination(of: head, inDomain: index)
    else { return nil }
    let route = domain.routes.first { $0.path == destination.route.pattern }
    let use = generation.configuration.effectiveUse(domain: domain, route: route)
    let scopes = scopes(for: head, destination.plugins, use)
    return CanaryTarget(
      domain: domain.name, pattern: destination.route.pattern, path: target.path, shares: [],
      scopes: scopes ?? Self.usual, judgesScopes: scopes != nil, use: use)
  }

  private func target(
    _ path: String, _ pattern: String, _ domain: String, _ index: Int, _ plugins: [any Plugin], _ use: [UseEntry]
  ) -> CanaryTarget? {
    let shares = plugins.compactMap { ($0 as? ResponseCachingPlugin)?.share }
    guard !shares.isEmpty, let head = Self.head(path), let met = generation.destination(of: head, inDomain: index),
      met.route.pattern == pattern
    else { return nil }
    let scopes = scopes(for: head, plugins, use)
    return CanaryTarget(
      domain: domain, pattern: pattern, path: path, shares: shares, scopes: scopes ?? Self.usual,
      judgesScopes: scopes != nil, use: use)
  }

  private static func head(_ path: String) -> RequestHead? { try? RequestExplanation.parse("GET", path).get() }

  /// Paths that stand for a pattern: of the operations that fit it, or made up.
  private func paths(_ pattern: String, _ plugins: [any Plugin]) -> [String] {
    let made = Self.path(of: pattern)
    guard pattern.hasSuffix("*") else { return [made] }
    let policies = plugins.compactMap { ($0 as? ScopeEnforcementPlugin)?.policy }
    let shape = PathShape(pattern)
    var found: [String] = []
    for policy in policies {
      for operation in policy.catalog.operations where operation.method == "GET" {
        found += policy.paths(of: operation).filter { PathShape($0).overlaps(shape) }.map(Self.path)
      }
    }
    guard !found.isEmpty else { return [made] }
    // Spread over all of them.
    let step = max(1, found.count / operations)
    return stride(from: 0, to: found.count, by: step).prefix(operations).map { found[$0] }
  }

  private static func path(of pattern: String) -> String {
    let segments = pattern.split(separator: "/").map { $0 == "*" || $0.hasPrefix("{") ? "canary" : String($0) }
    return "/" + segments.joined(separator: "/")
  }

  private static let usual = ["canary.usual"]

  /// Scopes that allow the request, by the catalogue and by `any` and `all` of the route; nil when none are asked for.
  private func scopes(for head: RequestHead, _ plugins: [any Plugin], _ use: [UseEntry]) -> [String]? {
    var scopes: [String] = []
    for case let plugin as ScopeEnforcementPlugin in plugins where !plugin.policy.isShadow {
      var head = head
      guard let operation = plugin.policy.rule(for: &head)?.operation else { continue }
      scopes += operation.scopes.first.map { [$0] } ?? operation.alternatives.first ?? []
    }
    for entry in use where entry.plugin == ScopeEnforcementPlugin.descriptor.id {
      let members = CanarySettings.members(entry.settings)
      scopes += CanarySettings.texts(members["any"]).prefix(1) + CanarySettings.texts(members["all"])
    }
    return scopes.isEmpty ? nil : scopes
  }
}
