import GatewayKit
import HTTPWire

/// The answers of one stripe, by key: a chained hash table whose buckets are split one at a time, so that growing never
/// takes long. Keys are compared in full. Which answers stay is decided in `CacheTable+Eviction.swift`.
struct CacheTable: ~Copyable {
  enum Found {
    /// One that the request takes, in this way.
    case taken(CachedResponse, Taking)
    case fresh(CachedResponse)
    /// There is one, but it is too old; it is shown when it is of use all the same.
    case stale(CachedResponse?)
    /// There are answers to other values of what `Vary` names.
    case otherVariants
    case none
  }

  /// What a request makes of an answer that is kept for it.
  enum Taking {
    /// It wants the origin's word.
    case not
    /// It is answered with it.
    case asItIs
    /// It is answered with it, and the origin is asked for a fresh one meanwhile.
    case whileAsking
  }

  struct Slot: BitwiseCopyable {
    /// Owned by the slot.
    var entry: Unmanaged<CachedResponse>?
    /// The next of the bucket, or of the free list; this and the others plus one, and 0 for none.
    var next: UInt32 = 0
    var newer: UInt32 = 0
    var older: UInt32 = 0
    /// The domain's queues.
    var domain: UInt32 = 0
    /// Hits since it came to its place in the queue, at most ``FrequencySketch/most``.
    var uses: UInt8 = 0
    var isMain = false
  }

  /// The number of this stripe.
  let stripe: Int
  let ledger: CacheLedger
  var slots = Chunks(Slot())
  private var buckets = Chunks(UInt32(0))
  private var free: UInt32 = 0
  /// The largest power of two that is not above the number of buckets.
  private var base = Self.firstBuckets
  private(set) var count = 0
  var domains = DomainQueues()
  /// What is known of keys that have no place here.
  var sketch: FrequencySketch
  /// Chooses domains by chance.
  var random: UInt64
  /// Reused to compare what a request says under the names of `Vary`.
  private var values = KeyBytes()

  private static let firstBuckets = 16
  private static let slotChunk = 256 * MemoryLayout<Slot>.stride
  private static let bucketChunk = 256 * MemoryLayout<UInt32>.stride
  /// The most that one answer may make a table grow by, beside the answer.
  static let growth = slotChunk + bucketChunk + DomainQueues.growth

  init(stripe: Int, ledger: CacheLedger, sketchBytes: Int, seed: UInt64) {
    self.stripe = stripe
    self.ledger = ledger
    sketch = FrequencySketch(bytes: sketchBytes)
    random = seed
    for _ in 0..<Self.firstBuckets { buckets.append(0) }
    ledger.charge(sketch.bytes + Self.bucketChunk + 512)
  }

  deinit {
    for index in 0..<slots.count { slots[index].entry?.release() }
  }

  private func bucket(_ hash: UInt64) -> Int {
    let place = Int(truncatingIfNeeded: hash) & (2 * base - 1)
    return place < buckets.count ? place : place & (base - 1)
  }

  /// Hits of a domain's answers here, fresh and stale.
  func hits(of account: DomainAccount) -> (fresh: UInt64, stale: UInt64) {
    guard let place = domains.place(of: account, in: stripe) else { return (0, 0) }
    let record = domains[place]
    return (record.hits, record.stale)
  }

  func entry(_ link: UInt32) -> CachedResponse? {
    link == 0 ? nil : slots[Int(link) - 1].entry?.takeUnretainedValue()
  }
}

// MARK: - Look-up

extension CacheTable {
  /// - Parameters:
  ///   - gone: an answer that nobody may have any more, so that it ends when no lock is held.
  ///   - directives: what decides whether a client's request takes the answer; nil when it is no client's.
  mutating func find(
    _ hash: UInt64, _ key: UnsafeRawBufferPointer, _ block: FieldBlock, now: Int64, versions: AnswerVersions,
    gone: inout CachedResponse?, for directives: RequestDirectives?
  ) -> Found {
    var link = buckets[bucket(hash)]
    var (hasValues, hasKey) = (false, false)
    while link != 0 {
      let slot = slots[Int(link) - 1]
      if let entry = slot.entry?.takeUnretainedValue(), entry.hash == hash, entry.hasKey(key) {
        if matches(entry, block, &hasValues) { return use(link, slot, entry, now, versions, &gone, directives) }
        hasKey = true
      }
      link = slot.next
    }
    return hasKey ? .otherVariants : .none
  }

  private mutating func use(
    _ link: UInt32, _ slot: Slot, _ entry: CachedResponse, _ now: Int64, _ versions: AnswerVersions,
    _ gone: inout CachedResponse?, _ directives: RequestDirectives?
  ) -> Found {
    let isCurrent = versions.isCurrent(entry.version)
    if isCurrent, entry.expires > now {
      // What is asked for often writes nothing here.
      if Int(slot.uses) < FrequencySketch.most { slots.update(Int(link) - 1) { $0.uses += 1 } }
      let taken = directives?.taking(entry, isFresh: true, now) ?? .not
      guard taken != .not else { return .fresh(entry) }
      domains.countHit(slot.domain)
      return .taken(entry, taken)
    }
    if isCurrent, entry.isOfUseStale {
      let taken = directives?.taking(entry, isFresh: false, now) ?? .not
      guard taken != .not else { return .stale(entry) }
      domains.countStale(slot.domain)
      return .taken(entry, taken)
    }
    gone = remove(link)
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
    return values.withBytes { entry.hasValues($0) }
  }
}

// MARK: - Change

extension CacheTable {
  /// Keeps an answer for which the room is taken already, in place of those that it replaces.
  mutating func insert(
    _ entry: CachedResponse, of account: DomainAccount, mostVariants: Int, into removed: inout [CachedResponse]
  ) {
    removeReplaced(by: entry, mostVariants: mostVariants, into: &removed)
    let domain = domains.place(of: account, in: stripe, ledger)
    let link = takeSlot()
    split()
    let bucket = bucket(entry.hash)
    slots[Int(link) - 1] = Slot(entry: .passRetained(entry), next: buckets[bucket], domain: domain)
    buckets[bucket] = link
    count += 1
    domains.grow(domain)
    ledger.grow(account, by: entry.cost)
    sketch.add(entry.hash)
    enter(link, isMain: false)
    settle(domain)
  }

  /// Answers of the same key go when they are for the same values, when they vary by other names (the origin has changed
  /// its mind, RFC 9111 section 4.1), and the oldest when there are too many.
  mutating func removeReplaced(
    by entry: CachedResponse, mostVariants: Int, into removed: inout [CachedResponse]
  ) {
    var link = buckets[bucket(entry.hash)]
    var kept = 0
    while link != 0 {
      let slot = slots[Int(link) - 1]
      if let old = slot.entry?.takeUnretainedValue(), old.hasKey(of: entry) {
        kept += 1
        if old.vary != entry.vary || old.hasValues(of: entry) || kept >= mostVariants {
          if let gone = remove(link) { removed.append(gone) }
          kept -= 1
        }
      }
      link = slot.next
    }
  }

  /// Takes this answer out, if it is still there.
  mutating func remove(_ entry: CachedResponse) -> CachedResponse? {
    var link = buckets[bucket(entry.hash)]
    while link != 0 {
      if self.entry(link) === entry { return remove(link) }
      link = slots[Int(link) - 1].next
    }
    return nil
  }

  /// Takes an answer out; it is handed over, so that it ends when no lock is held.
  mutating func remove(_ link: UInt32) -> CachedResponse? {
    guard let entry = slots[Int(link) - 1].entry?.takeRetainedValue() else { return nil }
    unchain(link, bucket(entry.hash))
    leave(link, cost: entry.cost)
    domains.shrink(slots[Int(link) - 1].domain, by: entry.cost, stripe, ledger)
    count -= 1
    slots[Int(link) - 1] = Slot(next: free)
    free = link
    return entry
  }

  private mutating func takeSlot() -> UInt32 {
    guard free == 0 else {
      let link = free
      free = slots[Int(link) - 1].next
      return link
    }
    if slots.count & 255 == 0 { ledger.charge(Self.slotChunk) }
    slots.append(Slot())
    return UInt32(slots.count)
  }

  private mutating func unchain(_ link: UInt32, _ bucket: Int) {
    let next = slots[Int(link) - 1].next
    guard buckets[bucket] != link else { return buckets[bucket] = next }
    var before = buckets[bucket]
    while before != 0 {
      let following = slots[Int(before) - 1].next
      if following == link { return slots.update(Int(before) - 1) { $0.next = next } }
      before = following
    }
  }

  /// Makes one bucket of two when there are more answers than buckets.
  private mutating func split() {
    guard count >= buckets.count else { return }
    if buckets.count & 255 == 0 { ledger.charge(Self.bucketChunk) }
    let old = buckets.count - base
    var link = buckets[old]
    buckets.append(0)
    if buckets.count == 2 * base { base *= 2 }
    buckets[old] = 0
    while link != 0 {
      let next = slots[Int(link) - 1].next
      let target = entry(link).map { bucket($0.hash) } ?? old
      slots.update(Int(link) - 1) { $0.next = buckets[target] }
      buckets[target] = link
      link = next
    }
  }
}

// MARK: - Walking

extension CacheTable {
  /// Shows the answers in so many places from one on, and takes out those for which the answer is yes; they are handed
  /// over, so that they end when no lock is held. Returns the next place, or nil at the end.
  mutating func walk(
    from start: Int, places: Int, into removed: inout [CachedResponse], _ isRemoved: (CachedResponse) -> Bool
  ) -> Int? {
    guard start < slots.count else { return nil }
    let end = min(slots.count, start + places)
    for link in UInt32(start + 1)...UInt32(end) {
      guard let entry = entry(link), isRemoved(entry), let gone = remove(link) else { continue }
      removed.append(gone)
    }
    return end
  }
}

/// Its memory has one owner, and a noncopyable value is in one place at a time.
extension CacheTable: @unchecked Sendable {}
