import Dispatch
import GatewayKit
import Logging
import NIOCore
import Synchronization

/// Writes lines on a thread of its own, in the order in which buffers hand them over.
final class LogWriter: Sendable {
  private let queue = DispatchQueue(label: "gatehouse.access-log")
  private let state: Mutex<State>
  /// Set while somebody waits for the end: nothing is then waited for longer than the deadline.
  private let deadline = Atomic<UInt64>(.max)
  /// Lines dropped since the last report.
  private let dropped = Atomic<UInt64>(0)
  private let logger: Logger

  private struct State: ~Copyable {
    var file: LogFile
    var spare = ByteBuffer()
    var isBroken = false
  }

  init(_ destination: LogDestination, logger: Logger) {
    state = Mutex(State(file: LogFile(destination)))
    self.logger = logger
  }

  /// Counts lines for the next report.
  func lineWasDropped(_ count: UInt64 = 1) { dropped.wrappingAdd(count, ordering: .relaxed) }

  /// Opens the destination.
  func open() async throws {
    try await onQueue { writer in try writer.state.withLock { state throws(LogFile.Failure) in try state.file.open() } }
  }

  /// Writes what the buffer holds in so many seconds.
  func write(from buffer: LineBuffer, after seconds: Double) {
    if seconds > 0 {
      queue.asyncAfter(deadline: .now() + seconds) { self.drain(buffer) }
    } else {
      queue.async { self.drain(buffer) }
    }
  }

  /// Waits until what was handed over is written, or given up after `patience`.
  func finish(patience: Duration) async {
    let (seconds, _) = patience.components
    let end = DispatchTime.now().uptimeNanoseconds &+ UInt64(max(0, seconds)) &* 1_000_000_000
    deadline.store(end, ordering: .relaxed)
    try? await onQueue { _ in }
    deadline.store(.max, ordering: .relaxed)
  }

  private func onQueue(_ work: @escaping @Sendable (LogWriter) throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      queue.async { continuation.resume(with: Result { try work(self) }) }
    }
  }
}

// MARK: - On the queue

extension LogWriter {
  /// The queue is serial, so the lock is free; it is there for the compiler and costs nothing.
  private func drain(_ buffer: LineBuffer) {
    state.withLock { state in
      var spare = ByteBuffer()
      swap(&spare, &state.spare)
      var bytes = buffer.take(leaving: spare)
      if bytes.readableBytes > 0 { write(bytes, &state) }
      bytes.clear()
      state.spare = bytes
      reportDropped(&state)
    }
  }

  private func write(_ bytes: ByteBuffer, _ state: inout State) {
    do {
      try state.file.reopenIfMoved()
      try bytes.withUnsafeReadableBytes { bytes throws(LogFile.Failure) in
        try state.file.write(bytes, deadline: deadline.load(ordering: .relaxed))
      }
      state.isBroken = false
    } catch {
      lineWasDropped(UInt64(bytes.readableBytesView.count { $0 == 0x0A }))
      if !state.isBroken { logger.error("access log cannot be written", metadata: ["error": "\(error)"]) }
      state.isBroken = true
    }
  }

  /// Says how many lines were lost, once the destination takes bytes again and at most once for each hand-over.
  private func reportDropped(_ state: inout State) {
    guard !state.isBroken, dropped.load(ordering: .relaxed) > 0 else { return }
    let count = dropped.exchange(0, ordering: .relaxed)
    logger.warning("access log lines were dropped", metadata: ["count": "\(count)"])
  }
}
