import GatewayKit
import HTTPWire
import NIOCore

/// What of a response's head is kept.
enum StoredFields {
  /// Fields that are made anew for each answer, or that were about the exchange and not about the content.
  private static let dropped: FieldIDSet = [
    .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .trailer, .upgrade, .te, .age,
    .cacheStatus, .setCookie, .rateLimit, .rateLimitPolicy, .retryAfter, .xRequestID, .proxyAuthenticate,
    .wwwAuthenticate, .via, .traceparent, .tracestate,
  ]

  /// The same for names that have no identifier (RFC 9111 section 3.1).
  private static let droppedByName = FieldSelection(["proxy-authentication-info", "authentication-info"])

  /// Renders the fields but those that the terms leave out; those that filters replace on the way out are left to them. A response without Date gets one
  /// (RFC 9110 section 6.6.1).
  static func render(_ exchange: Exchange, without more: FieldSelection) -> ByteBuffer {
    let block = exchange.response.block
    let byName = droppedByName.union(more)
    let left = dropped.union(exchange.responseAdditions.names)
    var out = ByteBuffer()
    out.reserveCapacity(block.bytes.readableBytes + 48)
    for index in block.fields.indices where !block.fields[index].isRemoved && !left.contains(block.fields[index].id) {
      if byName.selects(index, of: block) { continue }
      block.withName(index) { _ = out.writeBytes($0) }
      out.writeStaticString(": ")
      block.withValue(index) { _ = out.writeBytes($0) }
      out.writeStaticString("\r\n")
    }
    if block.first(.date) == nil {
      out.writeStaticString("Date: ")
      CivilTime(seconds: exchange.loop.wall / 1_000_000_000).writeHTTPDate(into: &out)
      out.writeStaticString("\r\n")
    }
    return out
  }
}
