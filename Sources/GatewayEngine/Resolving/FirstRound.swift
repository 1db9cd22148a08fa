import Synchronization

/// Waits until every name has had its first answer.
final class FirstRound: Sendable {
  private let missing = Mutex(0)
  private let ended = Handoff<Void>()

  func expect(_ count: Int) { missing.withLock { $0 = count } }

  func arrived() {
    let isLast = missing.withLock { missing in
      missing -= 1
      return missing == 0
    }
    if isLast { end() }
  }

  func end() { ended.give(()) }

  /// To be called once.
  func wait() async { await ended.take() }
}
