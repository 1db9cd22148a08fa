/// One origin server.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  package var isTLS: Bool
  /// A host name or address; IPv6 without brackets.
  package var host: String
  package var port: Int
  /// What goes in front of the path of a request; empty, or with a slash at its beginning and none at its end.
  package var basePath: String
  /// Its share of the requests beside the others'; 1 to 1000.
  package var weight: Int

  package init(isTLS: Bool, host: String, port: Int, basePath: String = "", weight: Int = 1) {
    self.isTLS = isTLS
    self.host = host
    self.port = port
    self.basePath = basePath
    self.weight = weight
  }

  /// The host as a URL and a `Host` field spell it.
  package var urlHost: String { host.contains(":") ? "[\(host)]" : host }

  /// As a URL.
  package var description: String { "\(isTLS ? "https" : "http")://\(urlHost):\(port)\(basePath)" }
}

/// A named group of origin servers.
package struct UpstreamConfiguration: Sendable {
  package var name: String
  /// At least one.
  package var endpoints: [Endpoint]
  /// How long a connection may take to be made.
  package var connectTimeout: Duration
  /// How long the response's head may take after the request was sent.
  package var headTimeout: Duration
  /// Open connections per event loop and endpoint group, busy and idle together.
  package var maxConnections: Int
  /// Idle connections kept per event loop.
  package var maxIdle: Int
  /// How long a connection may stay idle before it is closed.
  package var idleTimeout: Duration
  /// How long a connection may be used at all; it ends with the exchange that it then carries. nil for no end.
  package var maxAge: Duration?
  /// Exchanges that may wait for a connection per event loop.
  package var maxWaiting: Int
  /// How the domains share the connections; nil when they are not told apart.
  package var fair: FairConfiguration? = FairConfiguration()
  package var balance = BalancePolicy.roundRobin
  /// How often names are resolved again.
  package var resolveInterval = Duration.seconds(30)
  /// nil when endpoints are never left out for failing.
  package var ejection: EjectionConfiguration? = EjectionConfiguration()
  /// nil when endpoints are not asked.
  package var healthCheck: HealthCheckConfiguration?
  package var retry = RetryConfiguration()
  package var tls = UpstreamTLSConfiguration()
  package var position: SourcePosition

  package init(
    name: String, endpoints: [Endpoint], connectTimeout: Duration = .seconds(5), headTimeout: Duration = .seconds(60),
    maxConnections: Int = 512, maxIdle: Int = 128, idleTimeout: Duration = .seconds(30), maxWaiting: Int = 1024,
    position: SourcePosition
  ) {
    self.name = name
    self.endpoints = endpoints
    self.connectTimeout = connectTimeout
    self.headTimeout = headTimeout
    self.maxConnections = maxConnections
    self.maxIdle = maxIdle
    self.idleTimeout = idleTimeout
    self.maxWaiting = maxWaiting
    self.position = position
  }
}
