import GatewayKit
import HTTPWire

/// Stands with an unsafe request whose answer has not come yet.
final class UnjudgedWrite {}

/// Stands with a request that goes by.
final class PassingRequest {}

// Writes whose answer nobody has seen.
extension CacheFilter: ObserveFilter {
  /// What came of a write, or that the origin gives no answer to it.
  func judge(_ exchange: Exchange) {
    exchange[slot] = nil
    Invalidation.judge(exchange, isAnswered: exchange.replyInProgress == nil, tags, store.caches)
  }

  /// A client that leaves before the answer takes nothing back: the origin may have done what the request says.
  func observe(_ exchange: Exchange) {
    guard !exchange.request.method.isSafe, exchange[slot] is UnjudgedWrite else { return }
    Invalidation.judge(exchange, isAnswered: false, tags, store.caches)
  }
}
