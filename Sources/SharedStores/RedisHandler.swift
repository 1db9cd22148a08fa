import NIOCore

/// One connection's commands and answers. Commands are pipelined; answers come in the same order. Bound to its loop.
///
/// When an answer does not come in time the connection is ended, since everything behind it is late as well, and an
/// answer that came after all would otherwise be taken for another command's.
final class RedisHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct Pending {
    let promise: EventLoopPromise<RESPValue>
    let deadline: NIODeadline
  }

  /// Called once, when the connection has ended.
  var ended: ((RedisError) -> Void)?

  private let maxInFlight: Int
  private var context: ChannelHandlerContext?
  private var pending = CircularBuffer<Pending>()
  private var input = ByteBuffer()
  private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
  private var isFlushDue = false

  init(maxInFlight: Int) { self.maxInFlight = maxInFlight }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { end(.disconnected) }

  /// Sends a command and keeps the promise with its answer.
  func send(_ command: RESPCommand, within limit: TimeAmount, _ promise: EventLoopPromise<RESPValue>) {
    guard let context else { return promise.fail(RedisError.disconnected) }
    guard pending.count < maxInFlight else { return promise.fail(RedisError.overloaded) }
    pending.append(Pending(promise: promise, deadline: context.eventLoop.now + limit))
    context.write(wrapOutboundOut(command.bytes), promise: nil)
    scheduleFlush(context)
    arm(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    input.writeImmutableBuffer(unwrapInboundIn(data))
    do {
      while let reply = try RESPParser.next(&input) {
        // An answer that nobody asked for: the order is lost.
        guard let first = pending.popFirst() else { return end(.unexpectedReply) }
        first.promise.succeed(reply)
      }
    } catch {
      return end(.malformed(error))
    }
    input.discardReadBytes()
  }

  func channelInactive(context: ChannelHandlerContext) { end(.disconnected) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.unreachable("\(error)")) }

  /// Ends the connection; what is on its way fails.
  func end(_ error: RedisError) {
    guard let context else { return }
    self.context = nil
    timer?.task.cancel()
    let (failed, ended) = (pending, ended)
    pending = []
    self.ended = nil
    context.close(promise: nil)
    ended?(error)
    for command in failed { command.promise.fail(error) }
  }

  /// One flush for all commands of this turn of the loop.
  private func scheduleFlush(_ context: ChannelHandlerContext) {
    guard !isFlushDue else { return }
    isFlushDue = true
    context.eventLoop.assumeIsolated().execute {
      self.isFlushDue = false
      self.context?.flush()
    }
  }

  /// One timer at most, for the oldest command; it looks for the next oldest when it fires. A timer that an answered
  /// command left behind serves the next one when it is early enough, so that most commands set none.
  private func arm(_ context: ChannelHandlerContext) {
    guard let deadline = pending.first?.deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.timer = nil
      guard let context = self.context, let first = self.pending.first else { return }
      if first.deadline <= context.eventLoop.now { self.end(.timeout) } else { self.arm(context) }
    }
    timer = (task, deadline)
  }
}
