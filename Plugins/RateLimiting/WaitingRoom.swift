import Synchronization

/// Bounds how many requests a rule makes wait at a time, on all loops.
final class WaitingRoom: Sendable {
  private let most: Int
  private let count = Atomic<Int>(0)

  init(most: Int) { self.most = most }

  /// False when it is full.
  func enter() -> Bool {
    if count.wrappingAdd(1, ordering: .relaxed).newValue <= most { return true }
    leave()
    return false
  }

  func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
