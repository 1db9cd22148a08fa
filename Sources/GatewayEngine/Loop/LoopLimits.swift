import GatewayKit
import HTTPWire

/// The bounds of the configuration in the units of the data path: bytes and nanoseconds.
struct LoopLimits {
  let wire: WireLimits
  /// The same for responses.
  let responseWire: WireLimits
  /// The largest request body; nil is no bound.
  let body: UInt64?
  /// How much of an unread request body is read and dropped to keep a connection.
  let drainBody: UInt64
  let mergesSlashes: Bool
  let requestsPerConnection: Int
  /// Bytes per second; 0 for none.
  let leastRate: Int
  /// How often a client that holds things up is looked at, in nanoseconds.
  let lookInterval: Int64
  let responseBuffer: Int
  let requestBuffer: Int
  /// Exchanges of the gateway's own at a time.
  let background: Int
  let backgroundPerDomain: Int
  /// A body piece up to this size is copied behind its head, so that both leave in one write.
  let coalesce = 16 << 10
  /// How many interim (1xx) responses an origin may send before the final one.
  let interim = 8
  /// How often a filter may ask to be asked again in one exchange.
  let again = 8

  let requestHead: Int64
  let keepAliveIdle: Int64
  let bodyIdle: Int64
  let upstreamHead: Int64
  let upstreamBodyIdle: Int64
  let streamIdle: Int64
  let tunnelIdle: Int64
  let bodyGrace: Int64
  /// `Int64.max` for none.
  let exchange: Int64
  let pluginWait: Int64
  let linger: Int64

  init(_ configuration: GatewayConfiguration) {
    let (limits, timeouts) = (configuration.limits, configuration.timeouts)
    wire = WireLimits(
      maxStartLine: limits.requestLine, maxHeadBytes: limits.head, maxFields: limits.fields,
      maxChunkExtension: limits.chunkExtension, maxTrailerBytes: limits.trailers)
    responseWire = WireLimits(
      maxHeadBytes: limits.responseHead, maxFields: 2 * limits.fields, maxTrailerBytes: limits.trailers)
    mergesSlashes = configuration.mergesSlashes
    body = limits.body.map { UInt64($0) }
    drainBody = UInt64(limits.drainBody)
    requestsPerConnection = limits.requestsPerConnection
    leastRate = limits.leastRate
    lookInterval = (limits.leastRate > 0 ? timeouts.bodyGrace : timeouts.upstreamBodyIdle).nanoseconds
    responseBuffer = limits.responseBuffer
    requestBuffer = limits.requestBuffer
    background = limits.background
    backgroundPerDomain = limits.backgroundPerDomain
    requestHead = timeouts.requestHead.nanoseconds
    keepAliveIdle = timeouts.keepAliveIdle.nanoseconds
    bodyIdle = timeouts.bodyIdle.nanoseconds
    upstreamHead = timeouts.upstreamHead.nanoseconds
    upstreamBodyIdle = timeouts.upstreamBodyIdle.nanoseconds
    streamIdle = timeouts.streamIdle.nanoseconds
    tunnelIdle = timeouts.tunnelIdle.nanoseconds
    bodyGrace = timeouts.bodyGrace.nanoseconds
    exchange = timeouts.exchange?.nanoseconds ?? .max
    pluginWait = timeouts.pluginWait.nanoseconds
    linger = timeouts.linger.nanoseconds
  }
}

extension Duration {
  /// The duration in nanoseconds, held at the largest number there is.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? .max : sum
  }
}
