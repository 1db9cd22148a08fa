/// One part of the identity cache: a table with second-chance replacement (CLOCK). Guarded by its owner's lock.
struct CacheStripe: Sendable {
  private struct Slot {
    var hash: UInt64
    var token: [UInt8]
    var value: VerifiedToken?
    var cost: Int
    var wasUsed: Bool
  }

  private let mostEntries: Int
  private let mostBytes: Int
  private var index: [UInt64: Int] = [:]
  private var slots: ContiguousArray<Slot> = []
  private var free: [Int] = []
  private var hand = 0
  private(set) var bytes = 0

  var count: Int { index.count }

  init(mostEntries: Int, mostBytes: Int) {
    self.mostEntries = mostEntries
    self.mostBytes = mostBytes
  }

  /// The facts of exactly this token. The hash only leads to the slot; all bytes are compared.
  mutating func value(of token: UnsafeRawBufferPointer, hash: UInt64) -> VerifiedToken? {
    guard let place = index[hash], let value = slots[place].value else { return nil }
    let isSame = slots[place].token.withUnsafeBytes { known in
      known.count == token.count && Self.areEqual(known, token)
    }
    guard isSame else { return nil }
    slots[place].wasUsed = true
    return value
  }

  /// Keeps the facts of a token. What has not been used since the hand last came by makes room.
  mutating func insert(_ value: VerifiedToken, token: UnsafeRawBufferPointer, hash: UInt64) {
    let cost = token.count + value.cost
    guard cost <= mostBytes, mostEntries > 0 else { return }
    if let place = index[hash] { remove(place) }
    while count >= mostEntries || bytes + cost > mostBytes { evictOne() }
    let slot = Slot(hash: hash, token: Array(token), value: value, cost: cost, wasUsed: false)
    if let place = free.popLast() {
      slots[place] = slot
      index[hash] = place
    } else {
      slots.append(slot)
      index[hash] = slots.count - 1
    }
    bytes += cost
  }

  /// Forgets a token.
  mutating func remove(_ token: UnsafeRawBufferPointer, hash: UInt64) {
    guard value(of: token, hash: hash) != nil, let place = index[hash] else { return }
    remove(place)
  }

  /// Ends within two rounds: the first takes the second chances away. There is an entry whenever this is called.
  private mutating func evictOne() {
    for _ in 0..<(slots.count * 2) {
      hand = hand + 1 < slots.count ? hand + 1 : 0
      guard slots[hand].value != nil else { continue }
      if slots[hand].wasUsed {
        slots[hand].wasUsed = false
      } else {
        remove(hand)
        return
      }
    }
  }

  private mutating func remove(_ place: Int) {
    bytes -= slots[place].cost
    index[slots[place].hash] = nil
    slots[place] = Slot(hash: 0, token: [], value: nil, cost: 0, wasUsed: false)
    free.append(place)
  }

  /// A word at a time.
  private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    var difference: UInt64 = 0
    while offset &+ 8 <= left.count {
      difference |=
        left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < left.count {
      difference |= UInt64(left[offset] ^ right[offset])
      offset &+= 1
    }
    return difference == 0
  }
}
