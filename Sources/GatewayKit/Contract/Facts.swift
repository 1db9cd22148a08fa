import HTTPWire
public import NIOCore

/// A tenant, as filters see it.
public final class DomainFacts: Sendable {
  /// The domain's name, in lower case.
  public let name: String
  /// The name's bytes, for keys.
  public let key: ByteBuffer
  /// From 1 to ``shards`` - 1: domains of a shard count as one where a table keeps any of them from taking it all. Nobody
  /// can choose a name of another's shard.
  public let shard: UInt16

  /// How many shards there are, with 0 for what is nobody's.
  public static let shards = 1024
  private static let seed = UInt64.random(in: .min ... .max)

  /// Facts of a domain.
  public init(name: String) {
    self.name = name
    self.key = ByteBuffer(string: name)
    let hash = key.withUnsafeReadableBytes { ByteHash.hash($0, seed: Self.seed) }
    shard = UInt16(1 + hash % UInt64(Self.shards - 1))
  }
}

/// A route, as filters see it.
public final class RouteFacts: Sendable {
  /// The path pattern, such as `/me/tokens/{apiTokenId}`; `*` for what a domain's routes do not name.
  public let pattern: String
  /// The methods that the route takes, as text for logs; `*` for all.
  public let methods: String
  /// Stands for what requests of the route go through: the servers of their upstream, and the plugins with their settings.
  /// What is kept outside of the process is kept under it. All zeros where nothing is.
  package let policy: Fingerprint

  /// Facts of a route.
  public convenience init(pattern: String, methods: String) {
    self.init(pattern: pattern, methods: methods, policy: Fingerprint(0, 0, 0, 0))
  }

  package init(pattern: String, methods: String, policy: Fingerprint) {
    self.pattern = pattern
    self.methods = methods
    self.policy = policy
  }
}

/// What became of an exchange, for the log and the counters.
public struct Outcome: Sendable {
  /// The status that the client got; 0 when it got none.
  public package(set) var status: UInt16 = 0
  /// Why the gateway answered by itself or cut the exchange; nil when the origin's answer went through.
  public package(set) var reason: ReasonCode?
  /// Bytes of the request's body that arrived.
  public package(set) var requestBytes: UInt64 = 0
  /// Bytes of the response's body that were sent.
  public package(set) var responseBytes: UInt64 = 0
  /// Monotonic nanoseconds at the end of the request's head.
  public package(set) var started: Int64 = 0
  /// Monotonic nanoseconds when the request went to the origin; 0 when it never did.
  public package(set) var upstreamStarted: Int64 = 0
  /// Monotonic nanoseconds when the origin's head was complete; 0 when there was none.
  public package(set) var upstreamHead: Int64 = 0
  /// Monotonic nanoseconds at the end.
  public package(set) var finished: Int64 = 0
  /// The endpoint that answered, as `host:port`; nil when none was asked.
  public package(set) var endpoint: String?
  /// How often the request was sent again.
  public package(set) var retries: Int = 0

  package init() {}
}
