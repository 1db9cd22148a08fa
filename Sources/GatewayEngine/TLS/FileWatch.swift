import GatewayKit
import Logging
import Synchronization

/// Looks at the files of TLS material now and then and has it read anew when they have changed.
///
/// A file may be seen while it is written, and a certificate before its key: what has changed is read only when it looks
/// the same once more. Files that cannot be used are told once, and what was in force stays so.
final class FileWatch: Sendable {
  private struct Entry {
    let watched: any WatchedTLS
    /// Seen once.
    var changed: [FileStamp]?
    /// Tried in vain.
    var refused: [FileStamp]?
  }

  private let interval: Duration
  private let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void
  private let entries = Mutex<[Entry]>([])

  init(
    interval: Duration, logger: Logger,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.interval = interval
    self.logger = logger
    self.sleep = sleep
  }

  func add(_ watched: any WatchedTLS) {
    entries.withLock { $0.append(Entry(watched: watched)) }
  }

  /// Looks at every interval until the task is cancelled. Files are read on the task's thread: keep it off the loops.
  func run() async {
    while !Task.isCancelled {
      do { try await sleep(interval) } catch { return }
      look()
    }
  }

  /// Looks once.
  func look() {
    entries.withLock { entries in
      for index in entries.indices { look(at: &entries[index]) }
    }
  }

  private func look(at entry: inout Entry) {
    let stamps = entry.watched.stamp()
    guard stamps != entry.watched.loadedStamps else {
      (entry.changed, entry.refused) = (nil, nil)
      return
    }
    guard stamps != entry.refused else { return }
    guard stamps == entry.changed else {
      entry.changed = stamps
      return
    }
    entry.changed = nil
    do {
      try entry.watched.reload(stamps).log("TLS files were read anew", to: logger)
      entry.refused = nil
    } catch {
      entry.refused = stamps
      tell(error)
    }
  }

  private func tell(_ error: any Error) {
    let issues = (error as? ConfigurationError)?.issues.map(\.description) ?? ["\(error)"]
    for issue in issues {
      logger.error("changed TLS files cannot be used, the old ones stay in force", metadata: ["reason": "\(issue)"])
    }
  }
}
