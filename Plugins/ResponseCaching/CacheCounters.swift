package import GatewayKit

/// What an operator wants to know of a cache.
package struct CacheCounters: Sendable {
  let hits: Counter
  let misses: Counter
  let bypassed: Counter
  let stored: Counter
  let evicted: Counter
  let untaggable: Counter
  let validated: Counter
  let staleOnError: Counter
  let collapsed: Counter
  let refreshes: Counter
  /// Answers that were not kept, or not for long, by why.
  let unpopular: Counter
  let tooLarge: Counter
  let noRoom: Counter
  /// Requests that were answered with what another gateway has fetched.
  let shared: Counter
  // What came of look-ups in the second tier, and of answers that were to be written there.
  let sharedFound: Counter
  let sharedMissed: Counter
  let sharedRefused: Counter
  let sharedExpired: Counter
  let sharedFailed: Counter
  let sharedWritten: Counter
  let sharedDropped: Counter

  package init(_ registry: CounterRegistry) {
    func requests(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_cache_requests_total", help: "Requests that a cache took part in.", labels: [("result", result)])
    }
    func rejected(_ reason: String) -> Counter {
      registry.counter(
        "gatehouse_cache_rejected_total", help: "Answers that were not admitted to stay.", labels: [("reason", reason)])
    }
    func lookups(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_cache_shared_lookups_total", help: "Look-ups in the second tier.", labels: [("result", result)])
    }
    func writes(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_cache_shared_writes_total", help: "Answers for the second tier.", labels: [("result", result)])
    }
    hits = requests("hit")
    shared = requests("shared")
    (sharedFound, sharedMissed) = (lookups("found"), lookups("none"))
    (sharedRefused, sharedExpired, sharedFailed) = (lookups("refused"), lookups("expired"), lookups("failed"))
    (sharedWritten, sharedDropped) = (writes("sent"), writes("dropped"))
    misses = requests("miss")
    bypassed = requests("bypass")
    collapsed = requests("collapsed")
    validated = registry.counter(
      "gatehouse_cache_validated_total", help: "Requests whose kept answer the origin has called valid.")
    staleOnError = registry.counter(
      "gatehouse_cache_stale_on_error_total", help: "Requests that got a stale answer since the origin failed.")
    refreshes = registry.counter(
      "gatehouse_cache_refreshes_total", help: "Requests of the gateway's own to make answers fresh.")
    untaggable = registry.counter(
      "gatehouse_cache_untaggable_total",
      help: "Answers that were not kept since they have too many tags, or too long ones.")
    stored = registry.counter("gatehouse_cache_stored_total", help: "Answers that were kept.")
    evicted = registry.counter("gatehouse_cache_evicted_total", help: "Answers that were dropped to make room.")
    unpopular = rejected("unpopular")
    tooLarge = rejected("size")
    noRoom = rejected("room")
  }

  /// Shows how much a store holds, for as long as it is there.
  static func show(_ store: CacheStore, in registry: CounterRegistry) {
    registry.gauge("gatehouse_cache_bytes", help: "Memory that answers take, bookkeeping included.") {
      [weak store] in store.map { Int64($0.usage.bytes) }
    }
    registry.gauge(
      "gatehouse_cache_lent_bytes", help: "Of these bytes: answers that were dropped and are still being read."
    ) { [weak store] in store.map { Int64($0.lentBytes) } }
    registry.gauge("gatehouse_cache_entries", help: "Answers kept.") {
      [weak store] in store.map { Int64($0.usage.entries) }
    }
  }
}
