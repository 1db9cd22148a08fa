import Synchronization

/// How often a cache had what a domain was asked for, and how often not.
package struct CacheUse: ~Copyable, Sendable {
  private let hitCount = Atomic<UInt64>(0)
  private let missCount = Atomic<UInt64>(0)

  package func hit() { hitCount.wrappingAdd(1, ordering: .relaxed) }
  package func missed() { missCount.wrappingAdd(1, ordering: .relaxed) }

  package var hits: UInt64 { hitCount.load(ordering: .relaxed) }
  package var misses: UInt64 { missCount.load(ordering: .relaxed) }
}
