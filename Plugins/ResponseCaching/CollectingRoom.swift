import Synchronization

/// Bounds the bodies that are collected at one time, on all loops: many slow clients with large answers must not make the
/// gateway hold more than the cache may have.
final class CollectingRoom: Sendable {
  private let bound: Atomic<Int>
  private let taken = Atomic<Int>(0)

  init(bound: Int) { self.bound = Atomic(bound) }

  func adopt(bound: Int) { self.bound.store(bound, ordering: .relaxed) }

  /// Takes so many bytes; false, and nothing is taken, when there is not so much room.
  func take(_ bytes: Int) -> Bool {
    let total = taken.wrappingAdd(bytes, ordering: .relaxed).newValue
    if total <= bound.load(ordering: .relaxed) { return true }
    giveBack(bytes)
    return false
  }

  func giveBack(_ bytes: Int) { taken.wrappingSubtract(bytes, ordering: .relaxed) }
}
