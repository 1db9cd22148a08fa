import Synchronization

/// The last purges. What is kept goes at once; an answer that was on its way then is judged by these when it is there.
package final class PurgeLog: Sendable {
  private struct Recent {
    var purges: [(time: UInt64, purge: CachePurge)] = []
    /// The time of the newest one that is not known any more.
    var forgotten: UInt64 = 0
  }

  /// How many are remembered.
  private static let most = 256

  private let recent = Mutex(Recent())
  private let newest = Atomic<UInt64>(0)

  package init() {}

  /// Remembers a purge; to be called before what is kept is looked through.
  package func append(_ purge: CachePurge, time: UInt64) {
    recent.withLock { recent in
      recent.purges.append((time, purge))
      if recent.purges.count > Self.most {
        recent.forgotten = max(recent.forgotten, recent.purges.removeFirst().time)
      }
      newest.max(time, ordering: .acquiringAndReleasing)
    }
  }

  /// Whether one of the purges since then is of this kind. Of what is too long ago, that is assumed.
  package func holds(since began: UInt64, where isMeant: (CachePurge) -> Bool) -> Bool {
    guard newest.load(ordering: .acquiring) > began else { return false }
    let recent = recent.withLock { $0 }
    return recent.forgotten > began || recent.purges.contains { $0.time > began && isMeant($0.purge) }
  }
}
