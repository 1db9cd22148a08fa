package import GatewayKit

/// What a ledger holds of limits on units at a time, so that it can say so again: the server forgets what is not repeated,
/// and answers can be lost. A value without clock; times are monotonic nanoseconds.
///
/// Bounded by what is under way in the gateway: an allowance is here only as long as units of it are held.
package struct HeldUnits {
  private struct Held {
    /// Units that the server counts for this ledger, as far as the answers say.
    var count: Int64 = 0
    /// Takes that have not been answered: until they are, the count is not known.
    var onTheirWay = 0
  }

  private var held: [LimitKey: Held] = [:]
  /// What is still to be said in this round.
  private var round: [LimitKey] = []
  private var nextRound: Int64 = 0

  /// How often all is said again: every third of the time for which the server remembers it, in nanoseconds.
  package static let interval: Int64 = LimitScript.life * 1_000_000_000 / 3
  /// How many are said in one turn of the loop.
  package static let mostAtOnce = 128

  /// Nothing is held.
  package init() {}

  /// How many allowances units are held of.
  package var count: Int { held.count }

  /// A take is sent.
  package mutating func sent(_ key: LimitKey) { held[key, default: Held()].onTheirWay += 1 }

  /// A take was answered, or will not be: so many units are held from it.
  package mutating func answered(_ key: LimitKey, taken units: Int64) {
    change(key) { entry in
      entry.onTheirWay = max(0, entry.onTheirWay - 1)
      entry.count += units
    }
  }

  /// Units are given back, or charged.
  package mutating func changed(_ key: LimitKey, by units: Int64) { change(key) { $0.count += units } }

  private mutating func change(_ key: LimitKey, _ change: (inout Held) -> Void) {
    var entry = held[key] ?? Held()
    change(&entry)
    entry.count = min(max(0, entry.count), ClaimNumbers.most)
    held[key] = entry.count == 0 && entry.onTheirWay == 0 ? nil : entry
  }

  /// Begins a round at once: the server may know nothing of what is held.
  package mutating func repeatAll() { nextRound = .min }

  /// What is to be said now: at most ``mostAtOnce``. While takes are on their way only that it is still held, not how much.
  package mutating func due(now: Int64) -> [LimitChange] {
    if now >= nextRound {
      nextRound = now &+ Self.interval
      round = Array(held.keys)
    }
    guard !round.isEmpty else { return [] }
    let keys = round.suffix(Self.mostAtOnce)
    round.removeLast(keys.count)
    return keys.compactMap { key in
      held[key].map { LimitChange.hold(key, units: $0.onTheirWay == 0 ? $0.count : -1) }
    }
  }

  /// Whether there is anything to say, now or later.
  package func isDue(now: Int64) -> Bool { !round.isEmpty || (!held.isEmpty && now >= nextRound) }
}
