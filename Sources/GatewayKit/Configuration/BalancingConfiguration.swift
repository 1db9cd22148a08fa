/// How an upstream's endpoint is chosen for a request.
package enum BalancePolicy: Sendable, Hashable {
  /// In turn, as often as the weights say.
  case roundRobin
  /// The less busy of two chosen at random, by requests in flight over weight.
  case leastRequests
  /// The same endpoint for the same key, as long as the endpoint is there.
  case hash(HashKey)

  /// What a request is known by.
  package enum HashKey: Sendable, Hashable {
    /// The verified token; a request without one falls back to the client's address.
    case token
    /// The name of the domain.
    case domain
    /// The address of the client.
    case address
    /// The normal form of the path.
    case path
    /// The value of a field, named in lower case; a request without it falls back to the client's address.
    case header(String)
  }
}

/// When an endpoint that fails is left out for a while (passive health).
package struct EjectionConfiguration: Sendable, Hashable {
  /// Failures in a row, after which it is left out: connections that failed, broken or missing responses, 502 to 504.
  package var failures = 5
  /// How long the first time; each further time is longer by as much, up to ``longest``.
  package var base = Duration.seconds(10)
  package var longest = Duration.seconds(300)
  /// How many of the endpoints may be left out at a time, in percent. One can always be, and one always stays.
  package var cap = 50

  package init() {}
}

/// How endpoints are asked whether they work (active health).
package struct HealthCheckConfiguration: Sendable, Hashable {
  /// What is asked for with GET, a query included if it needs one; the endpoint's base path goes in front.
  package var path: String
  package var interval = Duration.seconds(5)
  package var timeout = Duration.seconds(2)
  /// Good answers in a row that make an endpoint healthy again.
  package var healthy = 2
  /// Bad ones that make it unhealthy.
  package var unhealthy = 3
  /// The status codes of a good answer.
  package var statuses: [ClosedRange<Int>] = [200...299]
  /// The Host field, in lower case, with its port if it has one; nil for the endpoint's own.
  package var host: String?

  package init(path: String) { self.path = path }
}

/// When a request is sent once more.
package struct RetryConfiguration: Sendable, Hashable {
  /// How often a request may be sent in all; 1 is no retry but the one after a reused connection was closed.
  package var attempts = 2
  /// How many retries there may be per hundred requests, besides ``least`` per second.
  package var budget = 20
  package var least = 10
  /// Status codes of answers after which a repeatable request is sent to another endpoint.
  package var statuses: [Int] = []
  /// How much of a request's content is held for this, in bytes.
  package var body = 64 << 10

  package init() {}
}

/// How the origin is spoken to over TLS.
package struct UpstreamTLSConfiguration: Sendable, Hashable {
  /// The name in the handshake and the one that the certificate must carry; nil for the endpoint's host.
  package var serverName: String?
  /// The file with the authorities that may sign the origin's certificate; nil for the system's.
  package var authority: String?
  /// The client's certificate chain and key, files; both or neither.
  package var certificate: String?
  package var key: String?

  package init() {}
}
