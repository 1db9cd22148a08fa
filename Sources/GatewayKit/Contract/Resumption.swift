public import NIOCore

/// The right to continue one waiting exchange, once, from any thread.
///
/// A resumption that comes too late (the deadline passed, the client left) or a second time is ignored.
public struct Resumption: Sendable {
  private let exchange: NIOLoopBound<Exchange>
  private let ticket: UInt64
  /// The loop that the exchange lives on.
  public let eventLoop: any EventLoop

  init(_ exchange: Exchange, ticket: UInt64, eventLoop: any EventLoop) {
    self.exchange = NIOLoopBound(exchange, eventLoop: eventLoop)
    self.ticket = ticket
    self.eventLoop = eventLoop
  }

  /// Continues the exchange on its loop, never inside this call.
  public func resume(_ continuation: Continuation) {
    let (exchange, ticket) = (exchange, ticket)
    eventLoop.execute { exchange.value.resume(ticket, continuation) }
  }

  /// Continues the exchange inside this call. On the loop only, and never inside a filter's hook: for a socket of the loop's
  /// that has the answer.
  package func resumeOnLoop(_ continuation: Continuation) { exchange.value.resume(ticket, continuation) }
}
