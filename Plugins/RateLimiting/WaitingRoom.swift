import Synchronization

/// Bounds how many requests a rule makes wait at a time, on all loops. No domain takes more places than are left free, so that
/// one with many callers never takes the last.
final class WaitingRoom: Sendable {
  private struct Taken {
    var all = 0
    /// By the shard of the domain.
    var owned: [UInt16: Int] = [:]
  }

  private let most: Int
  private let taken = Mutex(Taken())

  init(most: Int) { self.most = most }

  /// False when it is full, or too full for one more of this owner.
  func enter(_ owner: UInt16) -> Bool {
    taken.withLock { taken in
      let owned = taken.owned[owner, default: 0]
      guard taken.all < most, owned < max(most - taken.all, 1) else { return false }
      taken.all += 1
      taken.owned[owner] = owned + 1
      return true
    }
  }

  /// One who entered leaves.
  func leave(_ owner: UInt16) {
    taken.withLock { taken in
      let owned = taken.owned[owner, default: 0]
      guard owned > 0 else { return }
      taken.all -= 1
      taken.owned[owner] = owned > 1 ? owned - 1 : nil
    }
  }
}
