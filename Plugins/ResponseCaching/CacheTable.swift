import GatewayKit
import HTTPWire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The answers of one stripe: a chained hash table of a fixed number of buckets and a list from the last used to the
/// longest unused. Keys are compared in full.
struct CacheTable: ~Copyable {
  enum Found {
    case fresh(CachedResponse)
    /// There is one, but it is too old; it is shown when it is of use all the same.
    case stale(CachedResponse?)
    /// There are answers to other values of what `Vary` names.
    case otherVariants
    case none
  }

  private struct Slot {
    var entry: CachedResponse?
    /// The next of the bucket, or of the free list.
    var next: Int32
    var newer: Int32
    var older: Int32
  }

  private static let end: Int32 = -1
  private var slots: ContiguousArray<Slot> = []
  private var buckets: ContiguousArray<Int32>
  private var free = Self.end
  private var newest = Self.end
  private var oldest = Self.end
  private let budget: Int
  /// Answers under one key that differ by what `Vary` names.
  private let mostVariants: Int
  private(set) var used: Int
  private(set) var count = 0
  /// Reused to compare what a request says under the names of `Vary`.
  private var values = KeyBytes()

  init(budget: Int, mostVariants: Int) {
    var size = 16
    while size < 1 << 20, size * 2048 < budget { size *= 2 }
    buckets = ContiguousArray(repeating: Self.end, count: size)
    self.budget = budget
    self.mostVariants = mostVariants
    used = size * MemoryLayout<Int32>.stride
  }

  private func bucket(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (buckets.count - 1) }
}

// MARK: - Look-up

extension CacheTable {
  mutating func find(
    _ hash: UInt64, _ key: UnsafeRawBufferPointer, _ block: FieldBlock, now: Int64, versions: AnswerVersions
  ) -> Found {
    var index = buckets[bucket(hash)]
    var (hasValues, hasKey) = (false, false)
    while index != Self.end {
      let next = slots[Int(index)].next
      if let entry = slots[Int(index)].entry, entry.hash == hash, Self.equal(entry.key, key) {
        if matches(entry, block, &hasValues) { return use(index, entry, now: now, versions) }
        hasKey = true
      }
      index = next
    }
    return hasKey ? .otherVariants : .none
  }

  /// An answer that nobody may have any more goes at once.
  private mutating func use(_ index: Int32, _ entry: CachedResponse, now: Int64, _ versions: AnswerVersions) -> Found {
    let isCurrent = versions.isCurrent(entry.version)
    if isCurrent, entry.expires > now {
      touch(index)
      return .fresh(entry)
    }
    if isCurrent, entry.isOfUseStale { return .stale(entry) }
    remove(index)
    return .stale(nil)
  }

  /// All answers of one key vary by the same names, so the request's values are written once.
  private mutating func matches(_ entry: CachedResponse, _ block: FieldBlock, _ hasValues: inout Bool) -> Bool {
    if entry.vary.isEmpty { return true }
    if !hasValues {
      hasValues = true
      values.reset()
      entry.vary.writeValues(of: block, into: &values)
    }
    return values.withBytes { Self.equal(entry.varyValues, $0) }
  }

  private static func equal(_ left: [UInt8], _ right: UnsafeRawBufferPointer) -> Bool {
    left.withUnsafeBytes { left in
      guard left.count == right.count, let a = left.baseAddress, let b = right.baseAddress else {
        return left.count == right.count
      }
      return memcmp(a, b, left.count) == 0
    }
  }
}

// MARK: - Change

extension CacheTable {
  /// Keeps an answer in place of those it replaces; returns how many others had to go.
  mutating func insert(_ entry: CachedResponse) -> Int {
    removeReplaced(by: entry)
    guard entry.cost <= budget / 2 else { return 0 }
    var evicted = 0
    while used + entry.cost > budget, oldest != Self.end {
      remove(oldest)
      evicted += 1
    }
    guard used + entry.cost <= budget else { return evicted }
    let bucket = bucket(entry.hash)
    let index = takeSlot()
    slots[Int(index)] = Slot(entry: entry, next: buckets[bucket], newer: Self.end, older: Self.end)
    buckets[bucket] = index
    link(index)
    used += entry.cost
    count += 1
    return evicted
  }

  /// Answers of the same key go when they are for the same values, when they vary by other names (the origin has changed
  /// its mind, RFC 9111 section 4.1), and the oldest when there are too many.
  private mutating func removeReplaced(by entry: CachedResponse) {
    var index = buckets[bucket(entry.hash)]
    var kept = 0
    while index != Self.end {
      let next = slots[Int(index)].next
      if let old = slots[Int(index)].entry, old.hash == entry.hash, old.key == entry.key {
        kept += 1
        if old.vary != entry.vary || old.varyValues == entry.varyValues || kept >= mostVariants {
          remove(index)
          kept -= 1
        }
      }
      index = next
    }
  }

  /// Drops this answer, if it is still there.
  mutating func remove(_ entry: CachedResponse) {
    var index = buckets[bucket(entry.hash)]
    while index != Self.end {
      if slots[Int(index)].entry === entry { return remove(index) }
      index = slots[Int(index)].next
    }
  }

  private mutating func takeSlot() -> Int32 {
    guard free != Self.end else {
      slots.append(Slot(entry: nil, next: Self.end, newer: Self.end, older: Self.end))
      return Int32(slots.count - 1)
    }
    let index = free
    free = slots[Int(index)].next
    return index
  }

  private mutating func remove(_ index: Int32) {
    guard let entry = slots[Int(index)].entry else { return }
    unchain(index, bucket(entry.hash))
    unlink(index)
    used -= entry.cost
    count -= 1
    slots[Int(index)] = Slot(entry: nil, next: free, newer: Self.end, older: Self.end)
    free = index
  }

  private mutating func unchain(_ index: Int32, _ bucket: Int) {
    let next = slots[Int(index)].next
    if buckets[bucket] == index {
      buckets[bucket] = next
      return
    }
    var before = buckets[bucket]
    while before != Self.end {
      if slots[Int(before)].next == index {
        slots[Int(before)].next = next
        return
      }
      before = slots[Int(before)].next
    }
  }
}

// MARK: - Walking

extension CacheTable {
  /// Shows the entries in so many places from one on, and takes out those for which the answer is yes; they are handed
  /// over, so that they end when no lock is held. Returns the next place, or nil at the end.
  mutating func walk(
    from start: Int, places: Int, into removed: inout [CachedResponse], _ isRemoved: (CachedResponse) -> Bool
  ) -> Int? {
    guard start < slots.count else { return nil }
    let end = min(slots.count, start + places)
    for index in start..<end {
      guard let entry = slots[index].entry, isRemoved(entry) else { continue }
      removed.append(entry)
      remove(Int32(index))
    }
    return end
  }
}

// MARK: - Order of use

extension CacheTable {
  private mutating func touch(_ index: Int32) {
    if newest == index { return }
    unlink(index)
    link(index)
  }

  private mutating func link(_ index: Int32) {
    slots[Int(index)].newer = Self.end
    slots[Int(index)].older = newest
    if newest != Self.end { slots[Int(newest)].newer = index }
    newest = index
    if oldest == Self.end { oldest = index }
  }

  private mutating func unlink(_ index: Int32) {
    let (newer, older) = (slots[Int(index)].newer, slots[Int(index)].older)
    if newer == Self.end { newest = older } else { slots[Int(newer)].older = older }
    if older == Self.end { oldest = newer } else { slots[Int(older)].newer = newer }
  }
}
