/// What came of the requests of clients that a cache took part in. Each is counted once.
package struct CacheUses: Sendable, Equatable {
  /// Answered with a kept answer that was fresh, without the origin's being asked for them.
  package var hits: UInt64 = 0
  /// Answered with a kept answer that was not fresh any more.
  package var stale: UInt64 = 0
  /// Answered with a kept answer that the origin has called unchanged for them.
  package var validations: UInt64 = 0
  /// All others: they got what the origin said, an error, or that nothing is kept.
  package var misses: UInt64 = 0

  package init() {}

  package static func += (sum: inout CacheUses, other: CacheUses) {
    sum.hits &+= other.hits
    sum.stale &+= other.stale
    sum.validations &+= other.validations
    sum.misses &+= other.misses
  }
}
