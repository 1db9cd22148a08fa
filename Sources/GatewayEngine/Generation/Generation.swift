package import GatewayKit
import HTTPWire

/// A configuration, compiled. Immutable and shared by all loops, for as long as the gateway runs.
package final class Generation: Sendable {
  package let configuration: GatewayConfiguration
  /// Every plugin instance; equal settings share one.
  let plugins: [any Plugin]
  /// The distinct lists of plugins that routes use, as indices into `plugins`.
  let chains: [[Int]]
  let domains: [DomainPlan]
  let table: DomainTable
  /// The chain whose observers see what was refused before its domain was known.
  let strayChain: Int
  let upstreams: [UpstreamPlan]
  /// What connections of clients are made with, by listener; nil where they are plain.
  let listenerTLS: [ReloadableTLS<ServerTLSMaterial>?]
  /// The proxies that are believed about their clients.
  let trustedProxies: TrustedProxies
  /// The counters that the plugins registered.
  package let counters: CounterRegistry
  /// The tokens that operators have revoked.
  package let revocations: TokenRevocations
  /// The stores of answers.
  package let caches: AnswerCaches

  init(
    configuration: GatewayConfiguration, plugins: [any Plugin], chains: [[Int]], domains: [DomainPlan],
    table: DomainTable, strayChain: Int, upstreams: [UpstreamPlan],
    listenerTLS: [ReloadableTLS<ServerTLSMaterial>?], counters: CounterRegistry,
    revocations: TokenRevocations, caches: AnswerCaches
  ) {
    self.configuration = configuration
    self.plugins = plugins
    self.chains = chains
    self.domains = domains
    self.table = table
    self.strayChain = strayChain
    self.upstreams = upstreams
    self.listenerTLS = listenerTLS
    trustedProxies = TrustedProxies(configuration.trustedProxies)
    self.counters = counters
    self.revocations = revocations
    self.caches = caches
  }

  /// Starts every plugin; the first that cannot start fails the start, and those already started are ended.
  package func start() async throws {
    var started: [any Plugin] = []
    for plugin in plugins {
      do {
        try await plugin.start()
        started.append(plugin)
      } catch {
        for plugin in started { await plugin.shutdown() }
        throw error
      }
    }
  }

  /// Ends every plugin.
  package func shutdown() async {
    for plugin in plugins { await plugin.shutdown() }
  }
}

/// A domain, compiled.
final class DomainPlan: Sendable {
  let facts: DomainFacts
  let routes: PathTree<RoutePlan>
  /// The chain of each route, in the order of the configuration.
  let routeChains: [Int]
  /// What holds for requests that no route names; nil when the domain has no upstream of its own.
  let fallback: RoutePlan?

  init(facts: DomainFacts, routes: PathTree<RoutePlan>, routeChains: [Int], fallback: RoutePlan?) {
    self.facts = facts
    self.routes = routes
    self.routeChains = routeChains
    self.fallback = fallback
  }

  /// Where a request goes; nil when nothing takes it.
  @inline(__always)
  func plan(for request: RequestHead) -> RoutePlan? {
    // `OPTIONS *` asks about the whole server, which no path stands for.
    if routes.isEmpty || request.form == .asterisk { return fallback }
    let match = request.withMethodName { name in
      request.withPath { path in routes.match(request.method, methodName: name, path: path) }
    }
    if case .found(let plan) = match { return plan }
    return fallback
  }
}

/// A route, compiled.
final class RoutePlan: Sendable {
  let facts: RouteFacts
  /// Index of the upstream in the configuration.
  let upstream: Int
  /// Index of the chain in the generation.
  let chain: Int
  /// Whether its responses are streams, whatever they say of themselves.
  let isStream: Bool
  /// Whether an exchange may become a WebSocket tunnel.
  let allowsWebSocket: Bool

  init(facts: RouteFacts, upstream: Int, chain: Int, isStream: Bool = false, allowsWebSocket: Bool) {
    self.facts = facts
    self.upstream = upstream
    self.chain = chain
    self.isStream = isStream
    self.allowsWebSocket = allowsWebSocket
  }
}
