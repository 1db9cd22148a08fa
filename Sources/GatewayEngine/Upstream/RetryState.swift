import HTTPWire
import NIOCore

/// What is known of one request's attempts, and what of its content is held for another one.
struct RetryState {
  /// Endpoints that were asked in vain.
  var tried = EndpointSet()
  /// How often the request has been sent, the one time after a stale connection not counted.
  var sent = 1
  /// Whether it was sent again already because a reused connection was closed.
  var sawStale = false
  /// Whether it was sent again already because a filter had no use for the response.
  var isAskedAnew = false
  /// The content that was sent so far, if it may have to be sent again.
  private(set) var held = ByteBuffer()
  private var bound = 0
  /// Whether the request may be sent again: what it does is the same when it is done twice (RFC 9110 section 9.2.2), and
  /// its whole content so far is held.
  private(set) var isRepeatable = false

  /// A new request.
  mutating func begin(_ method: Method, bound: Int) {
    if !tried.isEmpty { tried.removeAll() }
    sent = 1
    sawStale = false
    isAskedAnew = false
    self.bound = bound
    isRepeatable = method.isIdempotent
    letGo()
  }

  /// Lets go of the content: the request is done, and the connection may rest for long.
  mutating func letGo() { if held.capacity > 0 { held = ByteBuffer() } }

  /// The request must not be sent again.
  mutating func forbid() { isRepeatable = false }

  /// A piece of content was sent.
  mutating func hold(_ bytes: ByteBuffer) {
    guard isRepeatable else { return }
    guard held.readableBytes + bytes.readableBytes <= bound else {
      isRepeatable = false
      held = ByteBuffer()
      return
    }
    held.writeImmutableBuffer(bytes)
  }
}
