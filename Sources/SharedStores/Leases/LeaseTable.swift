package import GatewayKit

/// What one loop holds in advance, by allowance: a bounded hash table with open places. Keys are hashes already, seeded, so
/// their bits say where to look. Bound to its loop.
package struct LeaseTable: ~Copyable {
  /// How many allowances one loop can hold units of.
  package static let most = 16_384
  private static let first = 64

  private let budget: LeaseBudget
  private let limit: Int
  private var places: UnsafeMutablePointer<LeaseEntry>
  private var mask: Int
  /// The place that is looked at next.
  private var hand = 0
  /// How many entries there are.
  package private(set) var count = 0

  /// An empty table.
  ///
  /// - Parameter most: how many entries there may be.
  package init(budget: LeaseBudget, most: Int = LeaseTable.most) {
    self.budget = budget
    limit = most
    mask = Self.first - 1
    places = Self.makePlaces(Self.first)
  }

  deinit {
    for index in 0...mask where places[index].time != 0 { budget.release(places[index].part, of: places[index].key) }
    places.deallocate()
  }

  private static func makePlaces(_ count: Int) -> UnsafeMutablePointer<LeaseEntry> {
    let places = UnsafeMutablePointer<LeaseEntry>.allocate(capacity: count)
    places.initialize(repeating: .none, count: count)
    return places
  }

  /// Where an allowance's entry is, until entries are added or removed.
  package func find(_ key: LimitKey) -> Int? {
    var index = Int(truncatingIfNeeded: key.low) & mask
    while places[index].time != 0 {
      if places[index].key == key { return index }
      index = (index &+ 1) & mask
    }
    return nil
  }

  /// Looks at the entry at a place, or changes it.
  @inline(__always)
  package mutating func update<R>(_ index: Int, _ body: (inout LeaseEntry) -> R) -> R { body(&places[index]) }

  /// Where an allowance's entry is, a new one if there was none; nil when there is no room.
  package mutating func findOrInsert(_ claim: LimitClaim, _ lease: LimitLease, now: Int64) -> Int? {
    if let index = find(claim.key) { return index }
    guard count < limit else { return nil }
    if (count + 1) * 2 > mask + 1 { grow() }
    let index = insert(LeaseEntry(key: claim.key, rule: claim.rule, time: lease.time))
    count += 1
    return index
  }

  private func insert(_ entry: LeaseEntry) -> Int {
    var index = Int(truncatingIfNeeded: entry.key.low) & mask
    while places[index].time != 0 { index = (index &+ 1) & mask }
    places[index] = entry
    return index
  }

  private mutating func grow() {
    let (old, oldMask) = (places, mask)
    mask = mask * 2 + 1
    places = Self.makePlaces(mask + 1)
    for index in 0...oldMask where old[index].time != 0 { _ = insert(old[index]) }
    old.deallocate()
    hand = 0
  }

  /// Settles what this loop may hold of an allowance, for a question that is about to be sent.
  ///
  /// - Returns: how many units to ask for in advance.
  package mutating func ask(_ claim: LimitClaim, _ lease: LimitLease, at index: Int, now: Int64) -> Int64 {
    let part = part(lease, at: index)
    return places[index].ask(claim, part: part, now: now)
  }

  /// The same for units that are fetched before those that are held are used up.
  package mutating func fetch(_ lease: LimitLease, at index: Int) -> Int64 {
    let part = part(lease, at: index)
    return places[index].fetch(part: part)
  }

  private func part(_ lease: LimitLease, at index: Int) -> Int64 {
    let entry = places[index]
    return budget.part(of: lease.batch, for: entry.key, now: entry.part, used: entry.available &+ entry.wanted)
  }
}

// MARK: - Letting go

extension LeaseTable {
  /// Looks at some places, forgets who is idle, and lets go of units that were held too long.
  ///
  /// - Parameters:
  ///   - looks: how many places are looked at.
  ///   - changes: how many changes there may be.
  ///   - isHeard: whether the server can be told.
  ///   - tell: what it is to be told.
  package mutating func sweep(
    now: Int64, looks: Int, changes: Int, isHeard: Bool = true, tell: (LimitChange) -> Void
  ) {
    var changes = changes
    for _ in 0..<min(looks, mask + 1) where changes > 0 && count > 0 {
      hand = (hand &+ 1) & mask
      guard places[hand].time != 0 else { continue }
      let rule = places[hand].rule
      if places[hand].isOverdue(now: now, isHeard: isHeard),
        let change = places[hand].letGoOfOld(for: rule, now: now)
      {
        changes -= 1
        tell(change)
      }
      if places[hand].isIdle(now: now) {
        remove(at: hand)
        // Another one may stand here now.
        hand = (hand &- 1) & mask
      }
    }
  }

  /// Lets go of everything.
  package mutating func letGoOfAll(tell: (LimitChange) -> Void) {
    for index in 0...mask where places[index].time != 0 {
      if let change = places[index].letGo() { tell(change) }
    }
  }

  /// Closes the gap, so that who stands behind it is still found.
  private mutating func remove(at index: Int) {
    budget.release(places[index].part, of: places[index].key)
    count -= 1
    var gap = index
    var next = (gap &+ 1) & mask
    while places[next].time != 0 {
      let home = Int(truncatingIfNeeded: places[next].key.low) & mask
      // Whether the way from home to here leads over the gap.
      if (next &- home) & mask >= (next &- gap) & mask {
        places[gap] = places[next]
        gap = next
      }
      next = (next &+ 1) & mask
    }
    places[gap] = .none
  }
}
