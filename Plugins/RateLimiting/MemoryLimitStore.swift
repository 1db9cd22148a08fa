package import GatewayKit
import Synchronization

/// Keeps allowances in this process. A key's stripe has a lock and a table of its own, so loops seldom meet.
package final class MemoryLimitStore: LimitStore {
  private final class Stripe: Sendable {
    let table: Mutex<LimitTable>

    init(capacity: Int) { table = Mutex(LimitTable(capacity: capacity)) }
  }

  private let stripes: [Stripe]
  private let mask: Int

  /// A store of at most about this many callers. The bound is split among the stripes (up to 32 of at least 1024
  /// callers), so the last few percent may not be reached.
  package init(entries: Int) {
    var count = 1
    while count < 32, entries / (count * 2) >= 1024 { count *= 2 }
    mask = count - 1
    stripes = (0..<count).map { index in
      Stripe(capacity: entries / count + (index < entries % count ? 1 : 0))
    }
  }

  package func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) -> LimitDecision {
    stripe(key).table.withLock { $0.take(rule, key: key, cost: cost, now: now) }
  }

  package func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) {
    stripe(key).table.withLock { $0.giveBack(rule, key: key, cost: cost, now: now) }
  }

  /// How many callers are kept, counted one stripe after the other.
  package var count: Int { stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.count } } }

  /// One half of the key chooses the stripe, the other the place in its table.
  private func stripe(_ key: LimitKey) -> Stripe { stripes[Int(truncatingIfNeeded: key.high) & mask] }
}
