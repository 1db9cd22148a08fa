import GatewayKit
import HTTPWire
import NIOCore

/// What of a response's head is kept.
enum StoredFields {
  /// Fields that are made anew for each answer, or that were about the exchange and not about the content.
  private static let dropped: FieldIDSet = [
    .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .trailer, .upgrade, .te, .age,
    .setCookie, .rateLimit, .rateLimitPolicy, .xRequestID, .proxyAuthenticate, .wwwAuthenticate, .traceparent,
    .tracestate,
  ]

  /// The same for names that have no identifier (RFC 9111 section 3.1).
  private static let droppedByName = FieldSelection(["proxy-authentication-info", "authentication-info"])

  /// What a 304 says (RFC 9110 section 15.4.5); Last-Modified only where there is no entity tag.
  private static let ofNotModified: FieldIDSet = [.cacheControl, .date, .etag, .expires, .vary]
  private static let ofNotModifiedByName = FieldSelection(["content-location"])

  /// Renders the fields but those that the terms leave out; those that filters replace on the way out are left to them.
  /// A response without Date gets one (RFC 9110 section 6.6.1).
  static func render(_ exchange: Exchange, without more: FieldSelection) -> ByteBuffer {
    render(exchange, without: more) { _, _ in true }
  }

  /// Renders those of the same fields that a 304 has.
  static func renderNotModified(_ exchange: Exchange, without more: FieldSelection) -> ByteBuffer {
    var wanted = ofNotModified
    if exchange.response.block.first(.etag) == nil { wanted.insert(.lastModified) }
    return render(exchange, without: more) { index, block in
      wanted.contains(block.fields[index].id) || ofNotModifiedByName.selects(index, of: block)
    }
  }

  private static func render(
    _ exchange: Exchange, without more: FieldSelection, where isWanted: (Int, FieldBlock) -> Bool
  ) -> ByteBuffer {
    let block = exchange.response.block
    let byName = droppedByName.union(more)
    let left = dropped.union(exchange.responseAdditions.names)
    var out = ByteBuffer()
    out.reserveCapacity(block.bytes.readableBytes + 48)
    for index in block.fields.indices where !block.fields[index].isRemoved && !left.contains(block.fields[index].id) {
      if byName.selects(index, of: block) || !isWanted(index, block) { continue }
      write(index, of: block, into: &out)
    }
    if block.first(.date) == nil {
      out.writeStaticString("Date: ")
      CivilTime(seconds: exchange.loop.wall / 1_000_000_000).writeHTTPDate(into: &out)
      out.writeStaticString("\r\n")
    }
    return out
  }

  private static func write(_ index: Int, of block: FieldBlock, into out: inout ByteBuffer) {
    block.withName(index) { _ = out.writeBytes($0) }
    out.writeStaticString(": ")
    block.withValue(index) { _ = out.writeBytes($0) }
    out.writeStaticString("\r\n")
  }
}
