package import GatewayKit
import NIOSSL

/// A configuration, compiled. Immutable and shared by all loops; replaced whole.
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
  /// How origins are spoken to over TLS: verified against the system's roots.
  let tls: NIOSSLContext?
  /// The counters that the plugins registered.
  package let counters: CounterRegistry

  init(
    configuration: GatewayConfiguration, plugins: [any Plugin], chains: [[Int]], domains: [DomainPlan],
    table: DomainTable, strayChain: Int, tls: NIOSSLContext?, counters: CounterRegistry
  ) {
    self.configuration = configuration
    self.plugins = plugins
    self.chains = chains
    self.domains = domains
    self.table = table
    self.strayChain = strayChain
    self.tls = tls
    self.counters = counters
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
  /// What holds for requests that no route names; nil when the domain has no upstream of its own.
  let fallback: RoutePlan?

  init(facts: DomainFacts, routes: PathTree<RoutePlan>, fallback: RoutePlan?) {
    self.facts = facts
    self.routes = routes
    self.fallback = fallback
  }
}

/// A route, compiled.
final class RoutePlan: Sendable {
  let facts: RouteFacts
  /// Index of the upstream in the configuration.
  let upstream: Int
  /// Index of the chain in the generation.
  let chain: Int

  init(facts: RouteFacts, upstream: Int, chain: Int) {
    self.facts = facts
    self.upstream = upstream
    self.chain = chain
  }
}
