package import GatewayKit

/// What a ledger holds of limits on units at a time, so that it can say so again: the server forgets what is not repeated,
/// and answers can be lost. A value without clock; times are monotonic nanoseconds.
///
/// Bounded by what is under way in the gateway: an allowance is here only as long as units of it are held, or the server
/// may count some that are not.
package struct HeldUnits {
  private struct Held {
    /// Units that the server counts for this ledger, as far as the answers say.
    var count: Int64 = 0
    /// Takes that have not been answered: until they are, the count is not known.
    var onTheirWay = 0
    /// The connection since which the server is known to count the same; 0 when something was lost on it.
    var surety: UInt64

    init(_ surety: UInt64) { self.surety = surety }
  }

  private var held: [LimitKey: Held] = [:]
  /// Which connection it is, counted.
  private var connection: UInt64 = 1
  /// What is still to be said in this round.
  private var round: [LimitKey] = []
  private var pace = 0
  private var nextRound: Int64 = 0

  /// How often all is said again: every third of the time for which the server remembers it, in nanoseconds.
  package static let interval: Int64 = LimitScript.life * 1_000_000_000 / 3
  /// For how long the server knows of what was said, from when it was asked, in nanoseconds: it counts in whole seconds.
  package static let life: Int64 = (LimitScript.life - 1) * 1_000_000_000
  /// How many are said at once where a round is short.
  package static let usualPace = 128
  /// At how many times a long round is said at most.
  private static let mostTimes = 32

  /// Nothing is held.
  package init() {}

  /// How many allowances are noted.
  package var count: Int { held.count }

  /// A take was answered: so many units are held from it.
  package mutating func answered(_ key: LimitKey, taken units: Int64) {
    change(key) { entry in
      entry.onTheirWay = max(0, entry.onTheirWay - 1)
      entry.count += units
    }
  }

  /// A take was sent and will not be answered: the server may count its units.
  package mutating func lost(_ key: LimitKey) {
    change(key) { entry in
      entry.onTheirWay = max(0, entry.onTheirWay - 1)
      entry.surety = 0
    }
  }

  /// Units are given back, or charged.
  package mutating func changed(_ key: LimitKey, by units: Int64) { change(key) { $0.count += units } }

  /// The server may not know of a change.
  package mutating func doubt(_ key: LimitKey) { change(key) { $0.surety = 0 } }

  private mutating func change(_ key: LimitKey, _ change: (inout Held) -> Void) {
    var entry = held[key] ?? Held(connection)
    change(&entry)
    entry.count = min(max(0, entry.count), ClaimNumbers.most)
    let isOver = entry.count == 0 && entry.onTheirWay == 0 && entry.surety == connection
    held[key] = isOver ? nil : entry
  }
}

// MARK: - Saying

extension HeldUnits {
  /// There is a new connection: the server may know nothing of what is held, or too much. All is said again.
  package mutating func repeatAll() {
    connection &+= 1
    nextRound = .min
    round.removeAll()
  }

  /// A take is about to be sent.
  ///
  /// - Returns: what is to be said first. While a caller is asked for all the time, takes are always on their way, and no
  ///   round could say how many units are held; before the first one of a connection it is known.
  package mutating func sending(_ key: LimitKey) -> LimitChange? {
    var entry = held[key] ?? Held(connection)
    let isDue = entry.surety != connection && entry.onTheirWay == 0
    if isDue { entry.surety = connection }
    entry.onTheirWay += 1
    held[key] = entry
    return isDue ? .hold(key, units: entry.count) : nil
  }

  /// What is to be said now. While takes are on their way only that it is still held, not how much.
  ///
  /// - Parameter most: how many changes there may be.
  package mutating func due(now: Int64, most: Int = .max) -> [LimitChange] {
    if round.isEmpty, now >= nextRound {
      nextRound = now &+ Self.interval
      round = Array(held.keys)
      pace = max(Self.usualPace, round.count / Self.mostTimes + 1)
    }
    guard !round.isEmpty else { return [] }
    let keys = round.suffix(min(most, pace))
    round.removeLast(keys.count)
    return keys.compactMap { say($0) }
  }

  private mutating func say(_ key: LimitKey) -> LimitChange? {
    guard let entry = held[key] else { return nil }
    guard entry.onTheirWay == 0 else { return .hold(key, units: -1) }
    let surety = connection
    change(key) { $0.surety = surety }
    return .hold(key, units: entry.count)
  }

  /// Whether there is anything to say, now or later.
  package func isDue(now: Int64) -> Bool { !round.isEmpty || (!held.isEmpty && now >= nextRound) }
}
