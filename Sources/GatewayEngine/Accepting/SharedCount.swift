import Synchronization

/// How many of something all loops together hold, up to a bound that holds exactly; without a lock.
final class SharedCount: Sendable {
  private let count = Atomic<Int>(0)
  private let most: Int

  init(most: Int) { self.most = most }

  /// How many are taken.
  var taken: Int { count.load(ordering: .relaxed) }

  /// Whether all are taken.
  var isFull: Bool { taken >= most }

  /// Takes one; false when all are taken. Who takes gives back once.
  func take() -> Bool {
    var found = count.load(ordering: .relaxed)
    // Counting first and looking afterwards would now and then refuse one that there was a place for.
    while found < most {
      let (exchanged, original) = count.weakCompareExchange(expected: found, desired: found &+ 1, ordering: .relaxed)
      if exchanged { return true }
      found = original
    }
    return false
  }

  func giveBack() { count.wrappingSubtract(1, ordering: .relaxed) }
}
