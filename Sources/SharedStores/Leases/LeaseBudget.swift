package import GatewayKit
import Synchronization

/// How the loops of a gateway share the batches of its leases: what all of them together may hold of an allowance is never
/// more than the batch, however many loops there are.
///
/// Each loop keeps its units to itself, so that taking one needs no lock. A loop that asks may hold half of what the others
/// leave of the batch; loops that are equally busy so come to equal parts, and one that is alone has half of the batch. The
/// locks here are taken when units are asked for, never for a request that finds some.
package final class LeaseBudget: Sendable {
  /// How many allowances units may be held of, in the whole process.
  package static let usualEntries = 65_536

  private let stripes: [Stripe]
  private let most: Int

  private final class Stripe: Sendable {
    /// What the loops may hold together, for each allowance.
    let parts = Mutex<[LimitKey: Int64]>([:])
  }

  /// A budget for about so many allowances.
  package init(entries: Int = LeaseBudget.usualEntries) {
    stripes = (0..<16).map { _ in Stripe() }
    most = max(1, entries / 16)
  }

  /// The part of a batch that a loop may hold from now on.
  ///
  /// - Parameters:
  ///   - part: what it may hold until now.
  ///   - used: what it holds, or has asked for; at most `part`. Its part does not become less.
  package func part(of batch: Int64, for key: LimitKey, now part: Int64, used: Int64) -> Int64 {
    stripe(key).parts.withLock { parts in
      let all = parts[key]
      guard all != nil || parts.count < most else { return 0 }
      let others = (all ?? 0) &- part
      let free = max(0, batch &- others)
      let mine = max(used, free / 2 &+ free % 2)
      let sum = others &+ mine
      parts[key] = sum > 0 ? sum : nil
      return mine
    }
  }

  /// A loop holds nothing any more.
  package func release(_ part: Int64, of key: LimitKey) {
    guard part > 0 else { return }
    stripe(key).parts.withLock { parts in
      guard let all = parts[key] else { return }
      parts[key] = all > part ? all &- part : nil
    }
  }

  /// What the loops may hold together of an allowance.
  package func held(of key: LimitKey) -> Int64 { stripe(key).parts.withLock { $0[key] ?? 0 } }

  private func stripe(_ key: LimitKey) -> Stripe { stripes[Int(truncatingIfNeeded: key.high & 15)] }
}
