/// One part of a ``TokenTable``: an open hash table in which the entries that were used longest ago make room (CLOCK:
/// who was used since the hand last came by gets a second chance). Guarded by its owner's lock.
struct TokenStripe<Known: Sendable>: Sendable {
  private struct Slot {
    var hash: UInt64 = 0
    var entry: TokenEntry<Known>?
    var wasUsed = false
  }

  private let mostEntries: Int
  private let mostBytes: Int
  /// A power of two of places, at most three quarters of them taken.
  private var slots = ContiguousArray(repeating: Slot(), count: 16)
  private var hand = 0
  private(set) var count = 0
  private(set) var bytes = 0

  init(mostEntries: Int, mostBytes: Int) {
    self.mostEntries = mostEntries
    self.mostBytes = mostBytes
  }

  private var mask: Int { slots.count &- 1 }

  /// The entry of that hash. It may be another token's: the caller compares, outside the lock.
  mutating func entry(_ hash: UInt64) -> TokenEntry<Known>? {
    guard let place = place(of: hash) else { return nil }
    // Read before it is written, so that a line that several processors read stays theirs.
    if !slots[place].wasUsed { slots[place].wasUsed = true }
    return slots[place].entry
  }

  /// Keeps an entry; one of the same hash goes.
  ///
  /// - Returns: how many others made room for it.
  mutating func insert(_ entry: TokenEntry<Known>, hash: UInt64) -> Int {
    guard entry.cost <= mostBytes, mostEntries > 0 else { return 0 }
    if let place = place(of: hash) { remove(place) }
    var evicted = 0
    while count >= mostEntries || bytes + entry.cost > mostBytes {
      evictOne()
      evicted += 1
    }
    if (count + 1) * 4 > slots.count * 3 { grow() }
    place(entry, hash)
    count += 1
    bytes += entry.cost
    return evicted
  }

  /// Forgets the entry, if it is there.
  mutating func remove(_ entry: TokenEntry<Known>, hash: UInt64) {
    guard let place = place(of: hash), slots[place].entry === entry else { return }
    remove(place)
  }

  private func place(of hash: UInt64) -> Int? {
    var place = home(hash)
    while slots[place].entry != nil {
      if slots[place].hash == hash { return place }
      place = (place &+ 1) & mask
    }
    return nil
  }

  private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

  private mutating func place(_ entry: TokenEntry<Known>, _ hash: UInt64, wasUsed: Bool = false) {
    var place = home(hash)
    while slots[place].entry != nil { place = (place &+ 1) & mask }
    slots[place] = Slot(hash: hash, entry: entry, wasUsed: wasUsed)
  }

  private mutating func grow() {
    let old = slots
    slots = ContiguousArray(repeating: Slot(), count: old.count * 2)
    hand = 0
    for slot in old {
      if let entry = slot.entry { place(entry, slot.hash, wasUsed: slot.wasUsed) }
    }
  }

  /// Ends within two rounds: the first takes the second chances away. There is an entry whenever this is called.
  private mutating func evictOne() {
    for _ in 0..<(slots.count * 2) {
      hand = (hand &+ 1) & mask
      guard slots[hand].entry != nil else { continue }
      guard slots[hand].wasUsed else { return remove(hand) }
      slots[hand].wasUsed = false
    }
  }

  /// Empties the place and moves up those behind it that it kept from their own place.
  private mutating func remove(_ place: Int) {
    bytes -= slots[place].entry?.cost ?? 0
    count -= 1
    var hole = place
    var next = (place &+ 1) & mask
    while slots[next].entry != nil {
      let distance = (next &- home(slots[next].hash)) & mask
      if distance >= (next &- hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next &+ 1) & mask
    }
    slots[hole] = Slot()
  }
}
