import GatewayKit
import HTTPWire
import NIOCore

/// Max-Forwards of an OPTIONS (RFC 9110 section 7.6.2): how many more servers may pass the request on.
enum MaxForwards {
  /// Takes one off the number; an answer when the request has come as far as it may, or the number is none.
  static func judge(_ exchange: Exchange) -> Reply? {
    guard exchange.request.method == .options, exchange.request.block.present.contains(.maxForwards) else { return nil }
    guard exchange.request.block.count(of: .maxForwards) == 1,
      let left = exchange.request.block.withValue(of: .maxForwards, { number($0) }) ?? nil
    else { return invalid }
    if left == 0 { return reached }
    exchange.request.block.remove(.maxForwards)
    exchange.requestAdditions.add(.maxForwards, String(left - 1).utf8)
    return nil
  }

  private static func number(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard (1...9).contains(bytes.count) else { return nil }
    var value = 0
    for byte in bytes {
      guard byte &- 0x30 < 10 else { return nil }
      value = value * 10 + Int(byte &- 0x30)
    }
    return value
  }

  private static let invalid = Reply(
    refusing: 400, "max_forwards_invalid", message: "Max-Forwards must be one number of at most nine digits.")
  private static let reached = Reply(status: 204, fields: ByteBuffer(), body: ByteBuffer())
}
