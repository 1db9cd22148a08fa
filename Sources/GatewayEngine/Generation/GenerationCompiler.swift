package import GatewayKit

/// Turns a configuration into a generation: loads catalogues, makes the plugins, builds the tables. Every mistake is
/// collected, so that all are reported at once; `check` and `run` come this way both.
package struct GenerationCompiler {
  private let configuration: GatewayConfiguration
  private let registry: PluginRegistry
  private let environment: PluginEnvironment
  private let issues = IssueCollector()

  private var plugins: [any Plugin] = []
  private var pluginIndices: [UseEntry: Int?] = [:]
  /// By what the settings mean, not how they are written: a relative path means another file in another folder.
  private var madeIndices: [MadeKey: Int] = [:]

  private struct MadeKey: Hashable {
    let plugin: String
    let settings: AnyHashable
    /// nil where it does not matter.
    let scope: PluginScope?
  }
  private struct FallbackKey: Hashable {
    let upstream: Int
    let chain: Int
    let allowsWebSocket: Bool
  }
  private var fallbacks: [FallbackKey: RoutePlan] = [:]
  private var policies = RoutePolicies()
  private var chains: [[Int]] = []
  private var clientTLS: [ClientTLSMaterial.Files: ReloadableTLS<ClientTLSMaterial>?] = [:]
  private var chainIndices: [[Int]: Int] = [:]

  private init(_ configuration: GatewayConfiguration, _ registry: PluginRegistry, _ environment: PluginEnvironment) {
    self.configuration = configuration
    self.registry = registry
    self.environment = environment
  }

  /// Compiles a configuration.
  package static func compile(
    _ configuration: GatewayConfiguration, registry: PluginRegistry, environment: PluginEnvironment
  ) throws(ConfigurationError) -> Generation {
    var compiler = GenerationCompiler(configuration, registry, environment)
    return try compiler.run()
  }

  /// What is wrong with the plugins that a configuration names, which may have mistakes of its own.
  package static func pluginMistakes(
    in configuration: GatewayConfiguration, registry: PluginRegistry, environment: PluginEnvironment
  ) -> [ConfigurationIssue] {
    var compiler = GenerationCompiler(configuration, registry, environment)
    let domains = configuration.domains.flatMap { $0.use + $0.routes.flatMap(\.use) }
    for entry in configuration.floor + configuration.defaults + domains where !entry.isOff {
      _ = compiler.plugin(for: entry)
    }
    return compiler.issues.issues
  }

  private mutating func run() throws(ConfigurationError) -> Generation {
    // First of all, since an instance of the floor's has state of its own beside any other's.
    for entry in configuration.floor where !entry.isOff { _ = plugin(for: entry) }
    var plans: [DomainPlan] = []
    var names: [(name: String, domain: Int)] = []
    for domain in configuration.domains {
      names += ([domain.name] + domain.hosts.filter { $0 != domain.name }).map { ($0, plans.count) }
      plans.append(plan(domain))
    }
    let stray = chain(of: configuration.effectiveUse(domain: nil, route: nil))
    let listenerTLS = configuration.listeners.enumerated().map { serverTLS($0.element, index: $0.offset) }
    let upstreams = zip(configuration.upstreams, FairTerms.all(of: configuration)).map {
      UpstreamPlan($0, fair: $1, tls: clientTLS(of: $0))
    }
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    return Generation(
      configuration: configuration, plugins: plugins, chains: chains, domains: plans,
      table: DomainTable(names, seed: environment.hashSeed), strayChain: stray, upstreams: upstreams,
      listenerTLS: listenerTLS, counters: environment.counters, revocations: environment.revocations,
      caches: environment.caches)
  }

  private mutating func plan(_ domain: DomainConfiguration) -> DomainPlan {
    let facts = DomainFacts(name: domain.name)
    var tree = PathTree<RoutePlan>()
    var routeChains: [Int] = []
    for route in domain.routes {
      guard let upstream = upstreamIndex(route.upstream ?? domain.upstream) else {
        issues.append(
          ConfigurationIssue(
            position: route.position, path: "domains",
            message: "neither route \(route.path) nor domain \(domain.name) has an upstream",
            hint: "add `upstream:` to the route or to its domain"))
        continue
      }
      let use = configuration.effectiveUse(domain: domain, route: route)
      let chain = chain(of: use)
      let methods = route.methods?.joined(separator: ",") ?? "*"
      let facts = RouteFacts(pattern: route.path, methods: methods, policy: policy(upstream, chain, use))
      let plan = RoutePlan(
        facts: facts, upstream: upstream, chain: chain, isStream: route.isStream,
        allowsWebSocket: route.webSocket ?? domain.webSocket)
      routeChains.append(plan.chain)
      for method in route.methods.map({ $0.map(Optional.some) }) ?? [nil] {
        tree.insert(route.path, method: method, plan)
      }
    }
    return DomainPlan(facts: facts, routes: tree, routeChains: routeChains, fallback: fallback(of: domain))
  }

  private mutating func fallback(of domain: DomainConfiguration) -> RoutePlan? {
    guard let upstream = upstreamIndex(domain.upstream) else { return nil }
    let use = configuration.effectiveUse(domain: domain, route: nil)
    let chain = chain(of: use)
    // Domains that are alike share one: what thousands of them touch stays in the processor's cache.
    let key = FallbackKey(upstream: upstream, chain: chain, allowsWebSocket: domain.webSocket)
    if let known = fallbacks[key] { return known }
    let facts = RouteFacts(pattern: "*", methods: "*", policy: policy(upstream, chain, use))
    let made = RoutePlan(facts: facts, upstream: upstream, chain: chain, allowsWebSocket: domain.webSocket)
    fallbacks[key] = made
    return made
  }

  private mutating func policy(_ upstream: Int, _ chain: Int, _ use: [UseEntry]) -> Fingerprint {
    guard configuration.stores.secondTier != nil else { return Fingerprint(0, 0, 0, 0) }
    return policies.policy(configuration.upstreams[upstream], index: upstream, chain: chain, use)
  }

  private func upstreamIndex(_ name: String?) -> Int? {
    name.flatMap { name in configuration.upstreams.firstIndex { $0.name == name } }
  }
}

// MARK: - TLS

extension GenerationCompiler {
  private mutating func serverTLS(
    _ listener: ListenerConfiguration, index: Int
  ) -> ReloadableTLS<ServerTLSMaterial>? {
    guard let tls = listener.tls else { return nil }
    let clock = environment.clock
    return loaded(tls.certificates.flatMap { [$0.certificate, $0.key] }) {
      try ServerTLSMaterial.load(tls, path: "listeners[\(index)].tls", clock: clock)
    }
  }

  /// Upstreams that name the same files share what is read from them.
  private mutating func clientTLS(of upstream: UpstreamConfiguration) -> ReloadableTLS<ClientTLSMaterial>? {
    guard upstream.endpoints.contains(where: \.isTLS) else { return nil }
    let (files, clock) = (upstream.tls.files, environment.clock)
    if let known = clientTLS[files] { return known }
    let made: ReloadableTLS<ClientTLSMaterial>? = loaded(files.all) {
      try ClientTLSMaterial.load(
        files, path: "upstreams.\(upstream.name).tls", position: upstream.position, clock: clock)
    }
    clientTLS.updateValue(made, forKey: files)
    return made
  }

  /// nil, once reported, when the files are not what they should be.
  private func loaded<Material: TLSMaterial>(
    _ files: [String], _ load: @escaping @Sendable () throws -> Material
  ) -> ReloadableTLS<Material>? {
    do {
      return try ReloadableTLS(files: files, load: load)
    } catch {
      for issue in (error as? ConfigurationError)?.issues ?? [] { issues.append(issue) }
      return nil
    }
  }
}

// MARK: - Plugins

extension GenerationCompiler {
  private mutating func chain(of entries: [UseEntry]) -> Int {
    // A plugin that floor and domain use with equal settings is one instance, and is asked once.
    var indices: [Int] = []
    for index in entries.compactMap({ plugin(for: $0) }) where !indices.contains(index) { indices.append(index) }
    if let found = chainIndices[indices] { return found }
    chains.append(indices)
    chainIndices[indices] = chains.count - 1
    return chains.count - 1
  }

  /// The instance for an entry; nil, once reported, when it cannot be made.
  private mutating func plugin(for entry: UseEntry) -> Int? {
    if let known = pluginIndices[entry] { return known }
    let made = make(entry)
    pluginIndices.updateValue(made, forKey: entry)
    return made
  }

  private mutating func make(_ entry: UseEntry) -> Int? {
    guard let type = registry.find(entry.plugin) else {
      issues.append(
        ConfigurationIssue(
          position: entry.position, path: "use", message: "there is no plugin `\(entry.plugin)`",
          hint: "known plugins: \(registry.names)"))
      return nil
    }
    return make(type, entry)
  }

  private mutating func make<P: Plugin>(_ type: P.Type, _ entry: UseEntry) -> Int? {
    let collector = IssueCollector()
    let reader = SettingsReader(entry.settings, path: entry.plugin, issues: collector)
    let settings = P.Settings(reading: reader)
    reader.finish()
    guard collector.isEmpty else {
      for issue in collector.issues { issues.append(issue) }
      return nil
    }
    let key = MadeKey(
      plugin: entry.plugin, settings: AnyHashable(settings), scope: P.isScoped ? entry.scope : nil)
    if let made = madeIndices[key] { return made }
    do {
      let environment = environment.of(entry.plugin, for: entry.scope)
      plugins.append(try P(settings: settings, at: entry.position, environment: environment))
    } catch {
      for issue in error.issues { issues.append(issue) }
      return nil
    }
    madeIndices[key] = plugins.count - 1
    return plugins.count - 1
  }
}
