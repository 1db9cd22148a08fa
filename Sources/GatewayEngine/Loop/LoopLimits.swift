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
  let responseBuffer: Int
  let requestBuffer: Int
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
  let pluginWait: Int64
  let linger: Int64

  init(_ configuration: GatewayConfiguration) {
    let (limits, timeouts) = (configuration.limits, configuration.timeouts)
    wire = WireLimits(
      maxStartLine: limits.requestLine, maxHeadBytes: limits.head, maxFields: limits.fields,
      maxChunkExtension: limits.chunkExtension)
    responseWire = WireLimits(maxHeadBytes: limits.responseHead, maxFields: 2 * limits.fields)
    body = limits.body.map { UInt64($0) }
    drainBody = UInt64(limits.drainBody)
    responseBuffer = limits.responseBuffer
    requestBuffer = limits.requestBuffer
    requestHead = timeouts.requestHead.nanoseconds
    keepAliveIdle = timeouts.keepAliveIdle.nanoseconds
    bodyIdle = timeouts.bodyIdle.nanoseconds
    upstreamHead = timeouts.upstreamHead.nanoseconds
    upstreamBodyIdle = timeouts.upstreamBodyIdle.nanoseconds
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
