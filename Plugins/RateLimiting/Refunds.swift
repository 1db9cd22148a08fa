import GatewayKit
import HTTPWire

/// Answers after which units are given back.
enum Refunds {
  static func apply(_ refunds: Set<LimitRefund>, to exchange: Exchange) -> Bool {
    let status = exchange.replyInProgress?.status ?? exchange.response.status
    switch status {
    case 304 where refunds.contains(.notModified): return true
    case 400..<500 where refunds.contains(.clientError): return true
    case 500..<600 where refunds.contains(.serverError): return true
    default: return refunds.contains(.cacheHit) && isCacheHit(exchange)
    }
  }

  private static func isCacheHit(_ exchange: Exchange) -> Bool {
    guard let result = exchange.cacheResult else { return false }
    return UnsafeBufferPointer(start: result.utf8Start, count: result.utf8CodeUnitCount).elementsEqual("hit".utf8)
  }
}
