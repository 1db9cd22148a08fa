import GatewayKit

/// A bounded hash table of theoretical arrival times that never does much at once: buckets are chained and split one at a
/// time (linear hashing), memory grows in small chunks, and each new caller clears a few buckets of callers whose
/// allowance is whole again. Only those are ever dropped, since nothing is lost with them.
struct LimitTable: ~Copyable {
  private struct Node: BitwiseCopyable {
    var key = LimitKey(high: 0, low: 0)
    /// The theoretical arrival time, nanoseconds.
    var arrival: Int64 = 0
    /// The next node of the bucket or of the free list, plus one; 0 is the end.
    var next: UInt32 = 0
  }

  private let capacity: Int
  private(set) var count = 0
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

  init(capacity: Int) {
    self.capacity = min(max(capacity, 1), Int(UInt32.max) - 1)
    for _ in 0..<Self.firstBuckets { buckets.append(0) }
  }

  mutating func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) -> LimitDecision {
    if let index = find(key) {
      return nodes.update(index) { rule.judge(&$0.arrival, cost: cost, now: now) }
    }
    var arrival = now
    let decision = rule.judge(&arrival, cost: cost, now: now)
    guard decision.verdict == .admitted, arrival > now else { return decision }
    guard insert(key, arrival, now: now) else {
      return LimitDecision(.noRoom, remaining: 0, fullIn: 0, retryIn: rule.interval)
    }
    return decision
  }

  mutating func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) {
    guard cost > 0, Int64(cost) <= rule.burst, let index = find(key) else { return }
    nodes[index].arrival &-= Int64(cost) &* rule.interval
  }
}

// MARK: - Look-up

extension LimitTable {
  /// Index of the bucket that the key belongs to.
  private func bucket(of key: LimitKey) -> Int {
    let place = Int(truncatingIfNeeded: key.low) & (2 * base - 1)
    return place < buckets.count ? place : place & (base - 1)
  }

  private func find(_ key: LimitKey) -> Int? {
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
  /// False when the table is full of callers whose allowance is not whole.
  private mutating func insert(_ key: LimitKey, _ arrival: Int64, now: Int64) -> Bool {
    for _ in 0..<Self.sweep { sweepBucket(now) }
    if count >= capacity {
      for _ in 0..<Self.hardSweep where count >= capacity { sweepBucket(now) }
      guard count < capacity else { return false }
    }
    if count >= buckets.count { split() }
    let bucket = bucket(of: key)
    let index = takeNode()
    nodes[index] = Node(key: key, arrival: arrival, next: buckets[bucket])
    buckets[bucket] = UInt32(index + 1)
    count += 1
    return true
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
  private mutating func sweepBucket(_ now: Int64) {
    hand = hand + 1 < buckets.count ? hand + 1 : 0
    var kept: UInt32 = 0
    var link = buckets[hand]
    while link != 0 {
      let index = Int(link) - 1
      let next = nodes[index].next
      if nodes[index].arrival <= now {
        nodes[index].next = free
        free = link
        count -= 1
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
