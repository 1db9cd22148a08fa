import GatewayKit
import HTTPWire
import NIOCore

/// Renders a finished exchange and hands the line to the loop's buffer.
final class AccessLogFilter: ObserveFilter, DetachedObserveFilter {
  private let buffer: LineBuffer
  private let sampleBelow: UInt64
  private var renderer = AccessLogLine()

  init(buffer: LineBuffer, sampleBelow: UInt64) {
    self.buffer = buffer
    self.sampleBelow = sampleBelow
  }

  func observe(_ exchange: Exchange) {
    if sampleBelow < 1 << 32, Self.isSuccess(exchange), exchange.loop.random() >> 32 >= sampleBelow { return }
    renderer.render(exchange) { buffer.append($0) }
  }

  func observeDetached(_ exchange: Exchange) { observe(exchange) }

  /// What went well may be sampled; everything else is always logged.
  private static func isSuccess(_ exchange: Exchange) -> Bool {
    let outcome = exchange.outcome
    return outcome.reason == nil && exchange.shadowReason == nil && outcome.status >= 100 && outcome.status < 400
  }
}
