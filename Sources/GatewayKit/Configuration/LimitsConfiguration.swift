/// The bounds of the data path, in bytes unless said otherwise.
package struct LimitsConfiguration: Sendable, Hashable {
  /// The request line (RFC 9112 section 3).
  package var requestLine = 8 << 10
  /// A request's head: the request line and all fields.
  package var head = 32 << 10
  /// How many fields a head may have.
  package var fields = 100
  /// A request's content; nil for no bound.
  package var body: Int? = 100 << 20
  /// How many client connections the gateway holds at a time, on all event loops together.
  package var connections = 10_000
  /// The extensions of one chunk (RFC 9112 section 7.1.1).
  package var chunkExtension = 256
  /// A response's head.
  package var responseHead = 64 << 10
  /// How much of an unread request's content is read and dropped to keep its connection.
  package var drainBody = 64 << 10
  /// Client connections from one peer's address (of IPv6: one /64 network) at a time, on all event loops together, also
  /// where the peer is a trusted proxy; nil for no bound.
  package var connectionsPerAddress: Int?
  /// Requests that one connection may carry before it is closed.
  package var requestsPerConnection = 10_000
  /// How much of a response is held for a client that takes it slowly, before no more is read from the origin.
  package var responseBuffer = 64 << 10
  /// How much of a request's content is held for an origin that takes it slowly, before no more is read from the client.
  package var requestBuffer = 64 << 10
  /// The trailer section of a message (RFC 9110 section 6.5).
  package var trailers = 8 << 10
  /// The least rate of a request's content and of a client that takes a response, in bytes per second, over the whole
  /// message after a first ``bodyGrace``; 0 for none.
  package var leastRate = 240
  /// Tunnels (WebSocket) at a time.
  package var tunnels = 10_000
  /// Requests that the gateway makes on its own account at a time, to freshen what a cache has; on each event loop.
  package var background = 64
  /// The same of one domain.
  package var backgroundPerDomain = 16

  package init() {}
}

/// How long things may take.
package struct TimeoutsConfiguration: Sendable, Hashable {
  /// From the first byte of a request's head to its last.
  package var requestHead = Duration.seconds(10)
  /// A client's connection between two requests.
  package var keepAliveIdle = Duration.seconds(75)
  /// Between two reads of a request's content.
  package var bodyIdle = Duration.seconds(30)
  /// Making a connection to an upstream.
  package var upstreamConnect = Duration.seconds(5)
  /// From the end of the request to the response's head.
  package var upstreamHead = Duration.seconds(60)
  /// Between two reads of a response's content.
  package var upstreamBodyIdle = Duration.seconds(60)
  /// Between two reads of an event stream's content, and of a route's that says `stream: true`.
  package var streamIdle = Duration.seconds(600)
  /// How long a message's content may come slower than the least rate at first.
  package var bodyGrace = Duration.seconds(10)
  /// From the request's head to the end of the response, streams and tunnels excepted; nil for no end.
  package var exchange: Duration? = .seconds(3600)
  /// A tunnel in which nothing passes.
  package var tunnelIdle = Duration.seconds(300)
  /// A plugin that said it must wait.
  package var pluginWait = Duration.seconds(5)
  /// Reading on after the last response, so that the client gets it before the connection is closed.
  package var linger = Duration.seconds(2)

  package init() {}
}

/// How the gateway ends.
package struct ShutdownConfiguration: Sendable, Hashable {
  /// How long it still accepts connections, so that a load balancer notices.
  package var delay = Duration.zero
  /// How long running exchanges may take to finish.
  package var limit = Duration.seconds(30)

  package init() {}
}

/// What the gateway writes about itself.
package struct LogConfiguration: Sendable, Hashable {
  /// From which level on.
  package enum Level: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  package var level = Level.info

  package init() {}
}

/// What several gateways share.
package struct StoresConfiguration: Sendable, Hashable {
  /// The limits of this process.
  package var memory = MemoryStoreConfiguration()
  /// What kept answers may take.
  package var cache = CacheBounds()
  package var redis: RedisConfiguration?
  /// What other gateways are told of changes that concern kept answers.
  package var spread = CacheSpread.off
  /// The store of answers behind the memory, on ``redis``; nil for none.
  package var secondTier: SecondTierConfiguration?

  package init() {}
}

/// What gateways on the same Redis server tell each other about kept answers.
package enum CacheSpread: String, CaseIterable, Sendable {
  /// Nothing.
  case off
  /// What operators purge.
  case purges
  /// That, and what writes make worthless.
  case writes
}

/// Answers that several gateways share.
package struct SecondTierConfiguration: Sendable, Hashable {
  /// What they are sealed with.
  package var secret: Secret
  /// The largest one, as it is sent, in bytes.
  package var maxObject = 256 << 10
  /// How many look-ups, and how many answers to be kept, one connection may have on their way.
  package var maxInFlight = 256

  package init(secret: Secret) { self.secret = secret }
}

/// How much the limits of this process may take.
package struct MemoryStoreConfiguration: Sendable, Hashable {
  /// How many callers are counted at most.
  package var entries = MemoryLimitStore.usualEntries
  /// What they take at most, in bytes.
  package var size = MemoryLimitStore.usualBytes

  package init() {}
}

/// A Redis server.
package struct RedisConfiguration: Sendable, Hashable {
  package var isTLS: Bool
  package var host: String
  package var port: Int
  /// The number of the database.
  package var database: Int
  package var user: String?
  package var password: Secret?
  /// The file with the authorities that may sign the server's certificate; nil for the system's.
  package var authority: String?
  /// Making a connection, until the server has accepted the credentials.
  package var connectTimeout = Duration.milliseconds(100)
  /// Waiting for an answer.
  package var timeout = Duration.milliseconds(50)
  /// How many commands one connection may have on their way.
  package var maxInFlight = 1024
  /// How many gateways share the server.
  package var gateways = 1
  package var position: SourcePosition

  package init(
    isTLS: Bool, host: String, port: Int, database: Int = 0, user: String? = nil, password: Secret? = nil,
    position: SourcePosition
  ) {
    self.isTLS = isTLS
    self.host = host
    self.port = port
    self.database = database
    self.user = user
    self.password = password
    self.position = position
  }
}
