import GatewayKit
import HTTPWire
import NIOCore

/// An answer as it is kept: ready to be given, with what decides to whom and for how long.
final class CachedResponse: Sendable {
  let key: [UInt8]
  let hash: UInt64
  let vary: FieldSelection
  /// What the request said under the names of ``vary``.
  let varyValues: [UInt8]
  let reply: Reply
  /// Monotonic nanoseconds at which the response was no time old.
  let born: Int64
  /// Monotonic nanoseconds from which it is stale.
  let expires: Int64
  /// The version of its path when the request began.
  let version: PathVersions.Mark
  /// Bytes that it takes up.
  let cost: Int

  /// Objects, headers of storages and places in tables that an entry takes beside its bytes.
  static let overhead = 768

  init(_ job: StoreJob, terms: StoreRules.Terms, fields: ByteBuffer, varyValues: [UInt8], now: Int64) {
    key = job.key
    hash = job.hash
    vary = terms.vary
    self.varyValues = varyValues
    reply = Reply(status: 200, fields: fields, body: job.body, hasDate: true)
    born = now &- terms.age
    expires = now &+ terms.lifetime
    version = job.version
    cost =
      Self.overhead + job.key.capacity + varyValues.capacity + fields.capacity + job.body.capacity
      + terms.vary.count * 64
  }
}

/// What of a response's head is kept.
enum StoredFields {
  /// Fields that are made anew for each answer, or that were about the exchange and not about the content.
  private static let dropped: FieldIDSet = [
    .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .trailer, .upgrade, .te, .age,
    .cacheStatus, .setCookie, .rateLimit, .rateLimitPolicy, .retryAfter, .xRequestID, .proxyAuthenticate,
    .wwwAuthenticate, .via, .traceparent, .tracestate,
  ]

  /// Renders the fields; those that filters replace on the way out are left to them. A response without Date gets one
  /// (RFC 9110 section 6.6.1).
  static func render(_ exchange: Exchange) -> ByteBuffer {
    let block = exchange.response.block
    let left = dropped.union(exchange.responseAdditions.names)
    var out = ByteBuffer()
    out.reserveCapacity(block.bytes.readableBytes + 48)
    for index in block.fields.indices where !block.fields[index].isRemoved && !left.contains(block.fields[index].id) {
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
