/// A small table from numbers to numbers: open addressing, nothing allocated but when it grows, and no larger than twice
/// the most that was ever in it at a time.
///
/// The keys are the domains' numbers, which no client chooses, so a plain multiplication scatters them well enough.
struct NumberTable {
  private struct Slot {
    /// -1 in an empty slot.
    var key: Int32 = -1
    var value: Int32 = 0
  }

  private var slots: ContiguousArray<Slot>
  private var shift: UInt64
  private(set) var count = 0

  init() {
    slots = ContiguousArray(repeating: Slot(), count: 16)
    shift = 60
  }

  /// The value of a key.
  subscript(key: Int) -> Int? {
    let place = place(of: Int32(truncatingIfNeeded: key))
    return slots[place].key < 0 ? nil : Int(slots[place].value)
  }

  /// Puts a key in, which must not be there.
  mutating func insert(_ key: Int, _ value: Int) {
    if 2 * (count + 1) > slots.count { grow() }
    let key = Int32(truncatingIfNeeded: key)
    slots[place(of: key)] = Slot(key: key, value: Int32(truncatingIfNeeded: value))
    count += 1
  }

  /// Takes a key out, if it is there. What stood behind it moves up, so that no search ends too early.
  mutating func remove(_ key: Int) {
    var hole = place(of: Int32(truncatingIfNeeded: key))
    guard slots[hole].key >= 0 else { return }
    count -= 1
    var next = hole
    while true {
      slots[hole].key = -1
      while true {
        next = (next + 1) & mask
        guard slots[next].key >= 0 else { return }
        // Its search begins at `home`; it may fill the hole unless that lies between the hole and itself.
        let home = home(of: slots[next].key)
        let isBetween = hole < next ? hole < home && home <= next : hole < home || home <= next
        if !isBetween { break }
      }
      slots[hole] = slots[next]
      hole = next
    }
  }

  private var mask: Int { slots.count - 1 }

  private func home(of key: Int32) -> Int {
    Int(truncatingIfNeeded: (UInt64(UInt32(bitPattern: key)) &* 0x9E37_79B9_7F4A_7C15) &>> shift)
  }

  /// Where a key stands, or the empty slot where its search ends.
  private func place(of key: Int32) -> Int {
    var place = home(of: key)
    while slots[place].key >= 0, slots[place].key != key { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let old = slots
    slots = ContiguousArray(repeating: Slot(), count: 2 * old.count)
    shift -= 1
    for slot in old where slot.key >= 0 { slots[place(of: slot.key)] = slot }
  }
}
