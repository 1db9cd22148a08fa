import Authentication
import GatewayEngine
import GatewayKit
import ScopeEnforcement

/// Looks at what judges the routes of every domain, and at what no route reaches.
struct ScopeCheck {
  /// A route with what judges it; the pattern `*` without a place of its own is what no other route takes.
  private struct Route {
    let name: String
    let shape: PathShape
    let methods: [String]?
    let plugins: [any Plugin]
    /// Whether `scopes: off` says that nothing judges it.
    let isOff: Bool

    var policies: [ScopePolicy] { plugins.compactMap { ($0 as? ScopeEnforcementPlugin)?.policy } }

    func takes(_ operation: OperationCatalog.Operation, _ paths: [PathShape]) -> Bool {
      // A HEAD is judged as a GET.
      let fits = methods.map { $0.contains(operation.method) || operation.method == "GET" && $0.contains("HEAD") }
      return fits ?? true && paths.contains { $0.overlaps(shape) }
    }
  }

  private let generation: Generation
  private var report = ScopeReport()
  private var seenPolicies: Set<ObjectIdentifier> = []
  private var seenCatalogs: Set<ObjectIdentifier> = []
  private var shapes: [ObjectIdentifier: [[PathShape]]] = [:]

  init(_ generation: Generation) { self.generation = generation }

  mutating func run() -> ScopeReport {
    for domain in generation.configuration.domains {
      guard let index = generation.domainIndex(named: domain.name) else { continue }
      let routes = routes(domain, index)
      report.domains += 1
      report.routes += routes.count
      for route in routes { look(at: route, domain.name) }
      if generation.fallbackPlugins(inDomain: index) == nil { findUnreached(routes, domain.name) }
    }
    return report
  }

  private func routes(_ domain: DomainConfiguration, _ index: Int) -> [Route] {
    var routes = zip(domain.routes, generation.routePlugins(inDomain: index)).map { route, plugins in
      let methods = route.methods?.joined(separator: ",")
      return Route(
        name: methods.map { "\($0) \(route.path)" } ?? route.path, shape: PathShape(route.path),
        methods: route.methods, plugins: plugins, isOff: Self.isOff(domain.use + route.use))
    }
    if let plugins = generation.fallbackPlugins(inDomain: index) {
      let name = routes.isEmpty ? "everything" : "everything else"
      routes.append(
        Route(name: name, shape: PathShape("/*"), methods: nil, plugins: plugins, isOff: Self.isOff(domain.use)))
    }
    return routes
  }

  private static func isOff(_ entries: [UseEntry]) -> Bool {
    entries.last { $0.plugin == ScopeEnforcementPlugin.descriptor.id }?.isOff ?? false
  }

  private mutating func look(at route: Route, _ domain: String) {
    let policies = route.policies
    let hasIdentity = route.plugins.contains { $0 is AuthenticationPlugin }
    if policies.isEmpty {
      let more = hasIdentity ? "" : ", and no `authentication` either"
      if route.isOff {
        add(.warning, "route_off", domain, route, "`scopes: off`: every request goes to the origin unjudged\(more)")
      } else {
        add(.wrong, "route_unprotected", domain, route, "no `scopes` judges it\(more)")
      }
    } else if !hasIdentity {
      add(
        .wrong, "route_unauthenticated", domain, route,
        "`scopes` without `authentication`: nobody has a token here; put `authentication` before it")
    }
    for policy in policies { look(at: policy, route, domain) }
  }

  private mutating func look(at policy: ScopePolicy, _ route: Route, _ domain: String) {
    let paths = shapes(of: policy)
    if !zip(policy.rules, paths).contains(where: { route.takes($0.operation, $1) }) {
      if !policy.allowsUnlisted {
        add(.wrong, "route_uncovered", domain, route, "no operation fits it, so every request is refused")
      } else if policy.routeRule == nil {
        add(
          .warning, "route_unjudged", domain, route,
          "no operation fits it, and `unlisted: allow` lets everybody through")
      }
    }
    for scope in policy.unknownRuleNames {
      report.add(
        ScopeReport.Finding(
          severity: .wrong, code: "scope_unknown", domain: domain, route: route.name, scope: scope,
          message: "the catalogue does not know the scope `\(scope)` of `any` or `all`"))
    }
    if policy.isShadow {
      add(.warning, "route_shadow", domain, route, "`mode: shadow`: refusals are counted and logged, not enforced")
    }
    if seenPolicies.insert(ObjectIdentifier(policy)).inserted { lookAtOperations(of: policy, domain) }
    if seenCatalogs.insert(ObjectIdentifier(policy.catalog)).inserted { lookAtGroups(of: policy.catalog) }
  }

  private mutating func add(
    _ severity: ScopeReport.Severity, _ code: String, _ domain: String, _ route: Route, _ message: String
  ) {
    report.add(
      ScopeReport.Finding(severity: severity, code: code, domain: domain, route: route.name, message: message))
  }

  private mutating func shapes(of policy: ScopePolicy) -> [[PathShape]] {
    let key = ObjectIdentifier(policy)
    if let known = shapes[key] { return known }
    let made = policy.rules.map { policy.paths(of: $0.operation).map { PathShape($0) } }
    shapes[key] = made
    return made
  }
}

// MARK: - Operations

extension ScopeCheck {
  private mutating func lookAtOperations(of policy: ScopePolicy, _ domain: String) {
    for rule in policy.rules where rule.access == .nobody {
      let operation = rule.operation
      let why =
        operation.statesSecurity
        ? "it needs \(operation.unverifiable.joined(separator: ", ")), which the gateway cannot verify"
        : "the document does not say who may call it; see `without_security`"
      report.add(
        ScopeReport.Finding(
          severity: .warning, code: "operation_denied", domain: domain, operation: operation.id,
          message: "no token allows \(operation.id): \(why)"))
    }
  }

  private mutating func lookAtGroups(of catalog: OperationCatalog) {
    let used = Set(catalog.operations.flatMap { $0.scopes + $0.alternatives.joined() })
    for (group, members) in catalog.groups.sorted(by: { $0.key < $1.key }) {
      for scope in members where !used.contains(scope) {
        report.add(
          ScopeReport.Finding(
            severity: .warning, code: "group_scope_unused", catalog: catalog.name, scope: scope,
            message: "no operation asks for `\(scope)`, which the group `\(group)` holds"))
      }
    }
  }

  /// Operations that none of the domain's routes takes.
  private mutating func findUnreached(_ routes: [Route], _ domain: String) {
    var seen: Set<ObjectIdentifier> = []
    for policy in routes.flatMap(\.policies) where seen.insert(ObjectIdentifier(policy.catalog)).inserted {
      for (rule, paths) in zip(policy.rules, shapes(of: policy))
      where !routes.contains(where: { $0.takes(rule.operation, paths) }) {
        report.add(
          ScopeReport.Finding(
            severity: .warning, code: "operation_unreached", domain: domain, operation: rule.operation.id,
            message: "no route takes \(rule.operation.id) (\(rule.operation.method) \(rule.operation.pathTemplate))"))
      }
    }
  }
}
