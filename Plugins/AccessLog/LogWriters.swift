import Logging
import Synchronization

/// The writers of this process, one for each destination: two writers of one file would tear each other's lines, and a
/// reload must go on with the writer that there is. A writer lives as long as somebody uses it.
final class LogWriters: Sendable {
  static let shared = LogWriters()

  private struct Weak {
    weak var writer: LogWriter?
  }

  private let writers = Mutex<[LogDestination: Weak]>([:])

  func writer(for destination: LogDestination, logger: Logger) -> LogWriter {
    writers.withLock { writers in
      writers = writers.filter { $0.value.writer != nil }
      if let writer = writers[destination]?.writer { return writer }
      let writer = LogWriter(destination, logger: logger)
      writers[destination] = Weak(writer: writer)
      return writer
    }
  }
}
