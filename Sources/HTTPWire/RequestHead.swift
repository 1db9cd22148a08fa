/// The head of a request, parsed; reused from request to request on a connection.
///
/// The bytes stay where they were read. What is offered here are views of them, except for a path that had to be
/// rewritten.
public struct RequestHead: Sendable {
  /// The fields.
  public package(set) var block = FieldBlock()
  /// The method.
  public package(set) var method = Method.get
  /// The form the target had.
  public package(set) var form = TargetForm.origin
  /// 0 for HTTP/1.0, 1 for HTTP/1.1.
  public package(set) var minorVersion: UInt8 = 1
  /// How the end of the content is known.
  public package(set) var framing = Framing.none
  /// Whether the client wants the connection kept after this exchange (RFC 9112 section 9.3).
  public package(set) var keepAlive = true
  /// Whether the client waits for 100 (Continue) before it sends content (RFC 9110 section 10.1.1).
  public package(set) var expectsContinue = false
  /// Whether the client asks to go on with the WebSocket protocol: a GET of HTTP/1.1 without content whose Connection
  /// has `upgrade`, whose Upgrade is `websocket`, and with one Sec-WebSocket-Key and Sec-WebSocket-Version 13 (RFC 6455
  /// section 4.1). Stays true when the connection fields are removed.
  public package(set) var upgradesToWebSocket = false
  /// Where the authority stands: the target's in the absolute form, else the Host field's. Empty in an HTTP/1.0 request
  /// without Host.
  public package(set) var authority = ByteRange.empty
  /// How much of the authority is the host, without the colon and the port.
  package var hostLength: UInt32 = 0

  @usableFromInline
  package var methodRange = ByteRange.empty
  @usableFromInline
  package var rawPath = ByteRange.empty
  @usableFromInline
  package var query = ByteRange.empty
  /// Whether the target holds a question mark.
  public package(set) var hasQuery = false
  /// Whether the path is another one than was sent, because it was not in normal form.
  public package(set) var pathWasRewritten = false
  /// The normal form of a path that was not; keeps its capacity.
  @usableFromInline
  package var rewrittenPath: [UInt8] = []

  /// An empty head for a parser to fill.
  public init() {}

  /// Lends the method's name as it was sent.
  @inlinable
  public func withMethodName<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R { try block.withBytes(methodRange, body) }

  /// Lends the authority as it was sent, with its port if it has one.
  @inlinable
  public func withAuthority<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R { try block.withBytes(authority, body) }

  /// Lends the host as it was sent, without the port; an IPv6 address has its brackets.
  public func withHostName<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try block.withBytes(ByteRange(start: authority.start, length: hostLength), body)
  }

  /// Lends the path in normal form, the one that rules, keys and the origin see; `*` in the asterisk form.
  @inlinable
  public func withPath<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    guard pathWasRewritten else { return try block.withBytes(rawPath, body) }
    return try rewrittenPath.withUnsafeBufferPointer { (path) throws(E) -> R in try body(UnsafeRawBufferPointer(path)) }
  }

  /// Lends the query as it was sent, without the question mark; nil when there is no question mark.
  @inlinable
  public func withQuery<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R? {
    hasQuery ? try block.withBytes(query, body) : nil
  }

  /// Empties the head and keeps its capacity.
  package mutating func reset() {
    block.reset()
    begin()
  }

  /// Lets go of the fields; what else the head says means nothing from here on, until a parser fills it again.
  package mutating func release() { block.reset() }

  /// Empties all but the bytes, which are replaced when the next head is complete.
  mutating func begin() {
    block.begin()
    method = .get
    form = .origin
    minorVersion = 1
    framing = .none
    keepAlive = true
    expectsContinue = false
    upgradesToWebSocket = false
    authority = .empty
    hostLength = 0
    methodRange = .empty
    rawPath = .empty
    query = .empty
    hasQuery = false
    pathWasRewritten = false
    if !rewrittenPath.isEmpty { rewrittenPath.removeAll(keepingCapacity: true) }
  }
}
