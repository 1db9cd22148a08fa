/// The head of a response, parsed; reused from response to response on a connection.
public struct ResponseHead: Sendable {
  /// The fields.
  public package(set) var block = FieldBlock()
  /// The status code, 100 to 599.
  public package(set) var status: UInt16 = 0
  /// 0 for HTTP/1.0, 1 for HTTP/1.1.
  public package(set) var minorVersion: UInt8 = 1
  /// How the end of the content is known; decided with the request's method (RFC 9112 section 6.3).
  public package(set) var framing = Framing.none
  /// Whether the server keeps the connection after this exchange (RFC 9112 section 9.3).
  public package(set) var keepAlive = true
  /// Whether the server agrees to go on with the WebSocket protocol: a 101 of HTTP/1.1 without framing whose Connection
  /// has `upgrade` and whose Upgrade is `websocket`. Whether that was asked for, the request knows; any other 101 is a
  /// fault. Stays true when the connection fields are removed.
  public package(set) var switchesToWebSocket = false
  @usableFromInline
  package var reason = ByteRange.empty

  /// An empty head for a parser to fill.
  public init() {}

  /// Lends the reason phrase as it was sent, possibly empty.
  @inlinable
  public func withReasonPhrase<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R { try block.withBytes(reason, body) }

  /// Whether another response to the same request follows (RFC 9110 section 15.2); 101 is a last one.
  public var isInterim: Bool { status < 200 && status != 101 }

  /// Empties the head and keeps its capacity.
  package mutating func reset() {
    block.reset()
    begin()
  }

  /// Empties all but the bytes, which are replaced when the next head is complete.
  mutating func begin() {
    block.begin()
    status = 0
    minorVersion = 1
    framing = .none
    keepAlive = true
    switchesToWebSocket = false
    reason = .empty
  }
}
