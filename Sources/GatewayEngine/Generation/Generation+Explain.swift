package import GatewayKit
package import HTTPWire

/// What a request would meet, for commands that explain a configuration. It is looked up in what requests are served by.
extension Generation {
  /// A route as a request meets it.
  package struct Destination: Sendable {
    package let domain: DomainFacts
    package let route: RouteFacts
    /// In the order in which they are asked.
    package let plugins: [any Plugin]
  }

  /// The index of the domain of this name or host.
  package func domainIndex(named name: String) -> Int? { table.find(name: name) }

  /// The tenant at an index of the configuration's domains.
  package func domainFacts(at index: Int) -> DomainFacts { domains[index].facts }

  /// Where a request of a domain goes; nil when no route takes it.
  package func destination(of request: RequestHead, inDomain index: Int) -> Destination? {
    guard domains.indices.contains(index) else { return nil }
    let domain = domains[index]
    guard let plan = domain.plan(for: request) else { return nil }
    return Destination(domain: domain.facts, route: plan.facts, plugins: chains[plan.chain].map { plugins[$0] })
  }

  /// The plugins of every route of a domain, in the order of the configuration.
  package func routePlugins(inDomain index: Int) -> [[any Plugin]] {
    domains[index].routeChains.map { chains[$0].map { plugins[$0] } }
  }

  /// The plugins of what no route of a domain takes; nil when that goes nowhere.
  package func fallbackPlugins(inDomain index: Int) -> [any Plugin]? {
    domains[index].fallback.map { chains[$0.chain].map { plugins[$0] } }
  }
}
