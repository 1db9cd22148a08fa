import CEpoll
import GatewayKit
import Glibc
import NIOCore

/// A connection over a bound, after its answer: our side is closed, and what the client still sends is dropped for a
/// moment, since closing at once would take the answer from it (RFC 9112 section 9.6).
final class RefusedConnection: PollTarget {
  /// How many a loop has at a time; what comes over that is closed without an answer.
  static let most = 256
  private static let linger: Int64 = 1_000_000_000
  /// How much is dropped before others have their turn.
  private static let piece = 1 << 20

  private let worker: LoopWorker
  private var descriptor: CInt
  private let timer = Timer()

  private init(_ worker: LoopWorker, _ descriptor: CInt) {
    self.worker = worker
    self.descriptor = descriptor
  }

  deinit { if descriptor >= 0 { Descriptor.close(descriptor) } }

  /// Answers, and closes the connection when the client has, or when its time is over.
  static func answer(_ refusal: ConnectionRefusal, on descriptor: CInt, _ worker: LoopWorker) {
    // Whoever is left is closed by being let go of.
    let connection = RefusedConnection(worker, descriptor)
    guard worker.refusedOpen < most, connection.send(refusal) else { return }
    _ = shutdown(descriptor, CInt(SHUT_WR))
    connection.waitForEnd()
  }

  /// A new connection has room for the whole answer.
  private func send(_ refusal: ConnectionRefusal) -> Bool {
    worker.clientOutput.clear()
    refusal.write(into: &worker.clientOutput, worker)
    defer { worker.clientOutput.clear() }
    return OutputQueue.send(worker.clientOutput, to: descriptor) == worker.clientOutput.readableBytes
  }

  private func waitForEnd() {
    do {
      try worker.loop.poller.addLevel(self, descriptor: descriptor, exclusive: false)
    } catch {
      return
    }
    worker.refusedOpen += 1
    timer.target = self
    worker.wheel.arm(timer, deadline: worker.context.now &+ Self.linger)
  }

  override func ready(_ events: PollEvents) {
    let count = gh_drop(descriptor, Self.piece)
    if count == 0 || (count < 0 && count != -Int(EAGAIN)) { close() }
  }

  private func close() {
    guard descriptor >= 0 else { return }
    worker.wheel.cancel(timer)
    timer.target = nil
    worker.loop.poller.forget(self)
    Descriptor.close(descriptor)
    descriptor = -1
    worker.refusedClosed()
  }
}

extension RefusedConnection: TimerTarget {
  func timerFired() { close() }
}
