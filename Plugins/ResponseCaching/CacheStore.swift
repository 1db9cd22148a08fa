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
  private let seed: UInt64
  let versions: PathVersions
  let counters: CacheCounters
  /// For bodies that are on their way: a quarter of the budget, beside it.
  let room: CollectingRoom

  /// - Parameters:
  ///   - budget: bytes; split among up to 16 stripes, each of which can hold four of the largest objects.
  ///   - mostVariants: answers under one key that differ by what `Vary` names.
  init(budget: Int, largestObject: Int, mostVariants: Int = 8, seed: UInt64, counters: CacheCounters) {
    var count = 1
    while count < 16, budget / (count * 2) >= 4 * largestObject { count *= 2 }
    mask = count - 1
    stripes = (0..<count).map { _ in Stripe(budget: budget / count, mostVariants: mostVariants) }
    self.seed = seed
    self.counters = counters
    versions = PathVersions(seed: seed)
    room = CollectingRoom(bound: budget / 4)
  }

  func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { ByteHash.hash(key, seed: seed) }

  /// The freshest answer for a key and a request.
  func find(_ hash: UInt64, _ key: UnsafeRawBufferPointer, _ block: FieldBlock, now: Int64) -> CacheTable.Found {
    stripe(hash).table.withLock { $0.find(hash, key, block, now: now, versions: versions) }
  }

  /// Keeps an answer, unless its path was invalidated since its request began; false then.
  @discardableResult
  func insert(_ response: CachedResponse) -> Bool {
    guard versions.isCurrent(response.version) else { return false }
    let evicted = stripe(response.hash).table.withLock { $0.insert(response) }
    counters.stored.add()
    if evicted > 0 { counters.evicted.add(UInt64(evicted)) }
    return true
  }

  /// Drops an answer that the origin takes back.
  func remove(_ response: CachedResponse) { stripe(response.hash).table.withLock { $0.remove(response) } }

  /// Bytes in use and answers kept, counted one stripe after the other.
  var usage: (bytes: Int, entries: Int) {
    stripes.reduce((0, 0)) { sum, stripe in
      stripe.table.withLock { (sum.0 + $0.used, sum.1 + $0.count) }
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
  }
}
