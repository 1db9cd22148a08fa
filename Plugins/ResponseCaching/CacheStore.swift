import GatewayKit
import HTTPWire
import NIOCore
import Synchronization

/// The answers that all loops share, in stripes with a lock each. Its memory is bounded, bookkeeping included; who was
/// not asked for longest goes first.
final class CacheStore: Sendable {
  private final class Stripe: Sendable {
    let table: Mutex<CacheTable>

    init(budget: Int, mostVariants: Int) { table = Mutex(CacheTable(budget: budget, mostVariants: mostVariants)) }
  }

  private let stripes: [Stripe]
  private let mask: Int
  let budget: Int
  private let seed: UInt64
  /// What makes answers worthless, for all stores together.
  let caches: AnswerCaches
  let counters: CacheCounters
  /// For bodies that are on their way: a quarter of the budget, beside it.
  let room: CollectingRoom

  /// - Parameters:
  ///   - budget: bytes; split among up to 16 stripes, each of which can hold four of the largest objects.
  ///   - mostVariants: answers under one key that differ by what `Vary` names.
  init(
    budget: Int, largestObject: Int, mostVariants: Int = 8, seed: UInt64, caches: AnswerCaches,
    counters: CacheCounters
  ) {
    var count = 1
    while count < 16, budget / (count * 2) >= 4 * largestObject { count *= 2 }
    mask = count - 1
    self.budget = budget
    stripes = (0..<count).map { _ in Stripe(budget: budget / count, mostVariants: mostVariants) }
    self.seed = seed
    self.counters = counters
    self.caches = caches
    room = CollectingRoom(bound: budget / 4)
  }

  func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { ByteHash.hash(key, seed: seed) }

  /// The freshest answer for a key and a request.
  func find(_ hash: UInt64, _ key: UnsafeRawBufferPointer, _ block: FieldBlock, now: Int64) -> CacheTable.Found {
    stripe(hash).table.withLock { $0.find(hash, key, block, now: now, versions: caches.versions) }
  }

  /// Keeps an answer, unless what it is about was changed or purged since its request began; false then. That is judged
  /// under the lock: a purge is known before it looks through what is kept, so one of the two sees the other.
  @discardableResult
  func insert(_ response: CachedResponse) -> Bool {
    let evicted = stripe(response.hash).table.withLock { table -> Int? in
      isCurrent(response, since: response.version.began) ? table.insert(response) : nil
    }
    guard let evicted else { return false }
    counters.stored.add()
    if evicted > 0 { counters.evicted.add(UInt64(evicted)) }
    return true
  }

  /// Whether nothing was changed that an answer is about, and it was not purged since a time at which it was good.
  func isCurrent(_ response: CachedResponse, since time: UInt64) -> Bool {
    let versions = caches.versions
    guard versions.isCurrent(response.version) else { return false }
    return !caches.purges.holds(since: time) { purge in response.withKept { purge.reaches($0, versions) } }
  }

  /// Drops an answer that the origin takes back.
  func remove(_ response: CachedResponse) { stripe(response.hash).table.withLock { $0.remove(response) } }

  /// Bytes in use and answers kept, counted one stripe after the other.
  var usage: (bytes: Int, entries: Int) {
    stripes.reduce((0, 0)) { sum, stripe in
      stripe.table.withLock { (sum.0 + $0.used, sum.1 + $0.count) }
    }
  }

  /// Takes out the answers for which `isRemoved` says so. It is asked with a lock held, so it must be quick and must not
  /// ask the store. What is kept while this runs may be missed.
  func removeAll(where isRemoved: (CachedResponse) -> Bool) -> CacheRemoval {
    var removal = CacheRemoval()
    walk { entry in
      guard isRemoved(entry) else { return false }
      removal.entries += 1
      removal.bytes += entry.cost
      return true
    }
    return removal
  }

  /// What is kept by domain, at most so many of them apart.
  func inspect(now: Int64, most: Int = 100) -> CacheInspection {
    var parts: [[UInt8]: CacheInspection.Part] = [:]
    walk { entry in
      parts[Array(entry.domain), default: .init()].add(entry, now: now)
      return false
    }
    return CacheInspection(parts, most: most)
  }

  /// Shows every entry, in steps that hold one lock for a short time.
  private func walk(_ isRemoved: (CachedResponse) -> Bool) {
    for stripe in stripes {
      var place: Int? = 0
      while let start = place {
        var removed: [CachedResponse] = []
        place = stripe.table.withLock { $0.walk(from: start, places: 64, into: &removed, isRemoved) }
      }
    }
  }

  private func stripe(_ hash: UInt64) -> Stripe { stripes[Int(truncatingIfNeeded: hash >> 48) & mask] }
}

/// What an operator wants to know of a cache.
struct CacheCounters: Sendable {
  let hits: Counter
  let misses: Counter
  let validated: Counter
  let staleOnError: Counter
  let collapsed: Counter
  let refreshes: Counter
  let bypassed: Counter
  let stored: Counter
  let evicted: Counter
  let untaggable: Counter

  init(_ registry: CounterRegistry) {
    func requests(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_cache_requests_total", help: "Requests that a cache took part in.", labels: [("result", result)])
    }
    hits = requests("hit")
    misses = requests("miss")
    collapsed = requests("collapsed")
    bypassed = requests("bypass")
    validated = registry.counter(
      "gatehouse_cache_validated_total", help: "Requests whose kept answer the origin has called valid.")
    staleOnError = registry.counter(
      "gatehouse_cache_stale_on_error_total", help: "Requests that got a stale answer since the origin failed.")
    refreshes = registry.counter(
      "gatehouse_cache_refreshes_total", help: "Requests of the gateway's own to make answers fresh.")
    stored = registry.counter("gatehouse_cache_stored_total", help: "Answers that were kept.")
    evicted = registry.counter("gatehouse_cache_evicted_total", help: "Answers that were dropped to make room.")
    untaggable = registry.counter(
      "gatehouse_cache_untaggable_total",
      help: "Answers that were not kept since they have too many tags, or too long ones.")
  }
}
