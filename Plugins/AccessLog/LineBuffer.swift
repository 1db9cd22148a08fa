import GatewayKit
import NIOCore
import Synchronization

/// The lines of one loop that are not written yet. The loop appends, the writer's thread takes all of it at once; the lock
/// is held for a copy of one line or a swap of two buffers. Its bound is the bound of the queue: when the destination is
/// slower than the traffic, lines are dropped and counted.
final class LineBuffer: Sendable {
  private struct State {
    var bytes = ByteBuffer()
    var isDelayed = false
    var isUrgent = false
  }

  private let state = Mutex(State())
  private let writer: LogWriter
  private let bound: Int
  private let dropped: Counter

  /// How much is handed over at once, and how long a line waits for others.
  private static let handOverSize = 65_536
  private static let delay = 0.1

  init(writer: LogWriter, bound: Int, dropped: Counter) {
    self.writer = writer
    self.bound = bound
    self.dropped = dropped
  }

  /// Appends a whole line.
  func append(_ line: UnsafeRawBufferPointer) {
    enum Need { case nothing, delayed, urgent, drop }
    let need = state.withLock { state -> Need in
      guard state.bytes.readableBytes + line.count <= bound else { return .drop }
      state.bytes.writeBytes(line)
      if state.bytes.readableBytes >= Self.handOverSize, !state.isUrgent {
        state.isUrgent = true
        return .urgent
      }
      if state.isDelayed || state.isUrgent { return .nothing }
      state.isDelayed = true
      return .delayed
    }
    switch need {
    case .nothing: break
    case .drop:
      dropped.add()
      writer.lineWasDropped()
    case .delayed: writer.write(from: self, after: Self.delay)
    case .urgent: writer.write(from: self, after: 0)
    }
  }

  /// Has what is there written soon.
  func handOver() { writer.write(from: self, after: 0) }

  /// Takes everything and leaves an empty buffer in its place. Called by the writer.
  func take(leaving empty: ByteBuffer) -> ByteBuffer {
    state.withLock { state in
      state.isDelayed = false
      state.isUrgent = false
      let bytes = state.bytes
      state.bytes = empty
      return bytes
    }
  }
}
