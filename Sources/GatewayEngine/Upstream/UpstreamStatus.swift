import GatewayKit

/// An upstream as all loops see it, for the operator.
package struct UpstreamStatus: Sendable {
  package let name: String
  /// Requests that wait for a connection.
  package private(set) var waiting = 0
  /// Requests that waited and had to go for those of lighter domains.
  package private(set) var shed: UInt64 = 0
  package private(set) var endpoints: [EndpointStatus]

  init(_ configuration: UpstreamConfiguration) {
    name = configuration.name
    endpoints = configuration.endpoints.map { EndpointStatus($0, of: configuration.name) }
  }

  /// Adds what one more loop knows.
  mutating func add(_ figures: PoolFigures) {
    waiting += figures.waiting
    shed &+= figures.shed
    for (index, figure) in figures.endpoints.enumerated() where endpoints.indices.contains(index) {
      endpoints[index].add(figure)
    }
  }
}

/// An endpoint as all loops see it.
package struct EndpointStatus: Sendable {
  package let upstream: String
  /// As a URL.
  package let endpoint: String
  package let weight: Int
  /// Requests that were sent to it, or for which a connection to it is being made, and that are not answered in full.
  package private(set) var inFlight = 0
  /// Loops that leave it out for failing.
  package private(set) var ejectedLoops = 0
  /// What the active checks say; true without any.
  package private(set) var isHealthy = true
  /// How many addresses its name has.
  package private(set) var addresses = 0
  /// Connections that carry nothing now.
  package private(set) var idle = 0
  /// Connections, and attempts to make one.
  package private(set) var open = 0

  init(_ endpoint: Endpoint, of upstream: String) {
    self.upstream = upstream
    self.endpoint = endpoint.description
    weight = endpoint.weight
  }

  fileprivate mutating func add(_ figures: PoolFigures.EndpointFigures) {
    inFlight += figures.inFlight
    if figures.isEjected { ejectedLoops += 1 }
    if !figures.isHealthy { isHealthy = false }
    addresses = max(addresses, figures.addresses)
    idle += figures.idle
    open += figures.open
  }
}

/// What one loop knows of an upstream. Without names, since it is put together on the loop.
struct PoolFigures: Sendable {
  struct EndpointFigures: Sendable {
    let inFlight: Int
    let isEjected: Bool
    let isHealthy: Bool
    let addresses: Int
    let idle: Int
    let open: Int
  }

  let waiting: Int
  let shed: UInt64
  let endpoints: [EndpointFigures]
}
