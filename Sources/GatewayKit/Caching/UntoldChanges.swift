import NIOCore
import Synchronization

/// Changes of this gateway of which the others, and what they share, may not know yet. What is found there is good only as
/// far as nothing was changed here since the oldest of them.
package final class UntoldChanges: Sendable {
  private struct Waiting {
    var last: UInt64 = 0
    var told: UInt64 = 0
    var changes = CircularBuffer<(number: UInt64, since: UInt64)>()
  }

  /// More than these are not told apart: the oldest time counts for them.
  private static let most = 8192

  private let waiting = Mutex(Waiting())
  private let oldest = Atomic<UInt64>(.max)

  package init() {}

  /// A change is about to be made.
  ///
  /// - Parameters:
  ///   - now: the time before it.
  ///   - tell: hands the change over, with its number: later changes are handed over later.
  /// - Returns: the number.
  @discardableResult
  package func add(now: () -> UInt64, _ tell: (UInt64) -> Void) -> UInt64 {
    waiting.withLock { waiting in
      waiting.last += 1
      if waiting.changes.count >= Self.most, let index = waiting.changes.indices.last {
        waiting.changes[index].number = waiting.last
      } else {
        waiting.changes.append((waiting.last, now()))
      }
      note(waiting)
      tell(waiting.last)
      return waiting.last
    }
  }

  /// What all share knows this change, and all before it.
  package func told(upTo number: UInt64) {
    waiting.withLock { waiting in
      waiting.told = max(waiting.told, number)
      while let first = waiting.changes.first, first.number <= number { waiting.changes.removeFirst() }
      note(waiting)
    }
  }

  /// Whether what all share knows a change.
  package func isTold(_ number: UInt64) -> Bool { waiting.withLock { $0.told >= number } }

  private func note(_ waiting: borrowing Waiting) {
    oldest.store(waiting.changes.first?.since ?? .max, ordering: .releasing)
  }

  /// The time up to which every change is known to all.
  ///
  /// - Parameter now: the time; read before this is asked.
  package func bound(_ now: UInt64) -> UInt64 { min(now, oldest.load(ordering: .acquiring)) }
}
