/// A bounded hash table of callers that never does much at once: buckets are chained and split one at a time (linear
/// hashing), memory grows in small chunks, and each new caller clears a few buckets of callers whose allowance is whole
/// again. Only those are ever dropped, since nothing is lost with them.
struct LimitTable: ~Copyable {
  private struct Node: BitwiseCopyable {
    var key = LimitKey(high: 0, low: 0)
    var state = LimitState()
    /// The next node of the bucket or of the free list, plus one; 0 is the end.
    var next: UInt32 = 0
    var owner: UInt16 = 0
  }

  private struct Share: BitwiseCopyable {
    var callers = 0
    var bytes = 0
  }

  private let capacity: Int
  /// How many bytes the callers may take.
  private let mostBytes: Int
  private(set) var count = 0
  /// What the records of sliding windows take besides the nodes, in bytes.
  private var recordBytes = 0
  /// How many callers each owner has, and what they take, in bytes.
  private var owned: ContiguousArray<Share>
  private var nodes = Chunks(Node())
  /// The first node of each bucket, plus one.
  private var buckets = Chunks(UInt32(0))
  private var free: UInt32 = 0
  /// The largest power of two that is not above the number of buckets.
  private var base = Self.firstBuckets
  /// The bucket that is swept next.
  private var hand = 0

  private static let firstBuckets = 16
  /// Buckets swept for each new caller, and how many when the table is full.
  private static let sweep = 4
  private static let hardSweep = 64
  /// What a caller takes: its node and its bucket.
  private static let callerBytes = MemoryLayout<Node>.stride + MemoryLayout<UInt32>.stride

  init(capacity: Int, bytes: Int) {
    self.capacity = min(max(capacity, 1), Int(UInt32.max) - 1)
    mostBytes = bytes
    owned = ContiguousArray(repeating: Share(), count: DomainFacts.shards)
    for _ in 0..<Self.firstBuckets { buckets.append(0) }
  }

  deinit {
    for index in 0..<nodes.count {
      var state = nodes[index].state
      _ = state.end()
    }
  }

  /// What the callers take, in bytes.
  var bytes: Int { count * Self.callerBytes + recordBytes }

  /// Judges a claim of the caller at this place and changes nothing.
  func judge(_ claim: LimitClaim, at place: Int, now: LimitTime) -> LimitDecision {
    guard case .sliding = claim.rule else { return nodes[place].state.judge(claim, now: now, hasRoom: true) }
    return nodes[place].state.judge(claim, now: now, hasRoom: hasRoom(for: SlidingBox.growth, of: claim.owner))
  }

  /// Takes the units of a claim that was judged at the same time and admitted.
  mutating func take(_ claim: LimitClaim, at place: Int, now: LimitTime) {
    let growth = nodes.update(place) { $0.state.take(claim, now: now) }
    if growth != 0 { grow(place, by: growth) }
  }

  /// Takes units that are not judged, or gives some back. A caller that is not there has nothing to give back; one that
  /// has no room is not charged.
  mutating func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) {
    var place = find(claim.key)
    if place == nil, units > 0, makeRoom(for: 1, of: claim.owner, now) { place = insert(claim) }
    guard let place else { return }
    let growth = nodes.update(place) { $0.state.adjust(claim, by: units, now: now) }
    if growth != 0 { grow(place, by: growth) }
  }

  private mutating func grow(_ place: Int, by bytes: Int) {
    recordBytes += bytes
    owned[Int(nodes[place].owner)].bytes += bytes
  }
}

// MARK: - Look-up

extension LimitTable {
  /// Index of the bucket that the key belongs to.
  private func bucket(of key: LimitKey) -> Int {
    let place = Int(truncatingIfNeeded: key.low) & (2 * base - 1)
    return place < buckets.count ? place : place & (base - 1)
  }

  /// The caller's place: good until the next ``makeRoom(for:_:)``.
  func find(_ key: LimitKey) -> Int? {
    var link = buckets[bucket(of: key)]
    while link != 0 {
      let index = Int(link) - 1
      let node = nodes[index]
      if node.key == key { return index }
      link = node.next
    }
    return nil
  }
}

// MARK: - Change

extension LimitTable {
  /// Whether so many new callers of an owner fit, after dropping some of those whose allowance is whole.
  mutating func makeRoom(for newcomers: Int, of owner: UInt16 = 0, _ now: LimitTime) -> Bool {
    for _ in 0..<Self.sweep { sweepBucket(now) }
    if fits(newcomers, owner) { return true }
    for _ in 0..<Self.hardSweep where !fits(newcomers, owner) { sweepBucket(now) }
    return fits(newcomers, owner)
  }

  /// An owner has at most 16 times as many callers, and bytes, as there is room for more: alone 94 percent of all, and
  /// whoever comes next finds some (the dynamic threshold of Choudhury and Hahne).
  private func fits(_ newcomers: Int, _ owner: UInt16) -> Bool {
    guard count + newcomers <= capacity, hasRoom(for: newcomers * (Self.callerBytes + SlidingBox.growth), of: owner)
    else { return false }
    return owner == 0 || share(of: owner).callers < Self.ownersFactor * (capacity - count)
  }

  private func hasRoom(for more: Int, of owner: UInt16) -> Bool {
    let left = mostBytes - bytes
    guard more <= left else { return false }
    return owner == 0 || share(of: owner).bytes < Self.ownersFactor * left
  }

  private func share(of owner: UInt16) -> Share { owned[Int(owner) % DomainFacts.shards] }

  private static let ownersFactor = 16

  /// Adds a caller whose allowance is whole. There must be room.
  mutating func insert(_ claim: LimitClaim) -> Int {
    if count >= buckets.count { split() }
    let bucket = bucket(of: claim.key)
    let index = takeNode()
    let owner = claim.owner % UInt16(DomainFacts.shards)
    nodes[index] = Node(key: claim.key, state: LimitState(claim.rule), next: buckets[bucket], owner: owner)
    owned[Int(owner)].callers += 1
    owned[Int(owner)].bytes += Self.callerBytes
    buckets[bucket] = UInt32(index + 1)
    count += 1
    return index
  }

  private mutating func takeNode() -> Int {
    guard free != 0 else {
      nodes.append(Node())
      return nodes.count - 1
    }
    let index = Int(free) - 1
    free = nodes[index].next
    return index
  }

  /// Drops the callers of the next bucket whose allowance is whole.
  private mutating func sweepBucket(_ now: LimitTime) {
    hand = hand + 1 < buckets.count ? hand + 1 : 0
    var kept: UInt32 = 0
    var link = buckets[hand]
    while link != 0 {
      let index = Int(link) - 1
      let next = nodes[index].next
      if nodes[index].state.isWhole(now) {
        let record = nodes.update(index) { $0.state.end() }
        recordBytes -= record
        nodes[index].next = free
        free = link
        count -= 1
        owned[Int(nodes[index].owner)].callers -= 1
        owned[Int(nodes[index].owner)].bytes -= Self.callerBytes + record
      } else {
        nodes[index].next = kept
        kept = link
      }
      link = next
    }
    buckets[hand] = kept
  }

  /// Adds one bucket and moves into it what belongs there from the one that held both.
  private mutating func split() {
    if buckets.count == 2 * base { base *= 2 }
    let source = buckets.count - base
    buckets.append(0)
    var link = buckets[source]
    buckets[source] = 0
    while link != 0 {
      let index = Int(link) - 1
      let next = nodes[index].next
      let target = bucket(of: nodes[index].key)
      nodes[index].next = buckets[target]
      buckets[target] = link
      link = next
    }
  }
}
