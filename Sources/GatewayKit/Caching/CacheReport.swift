/// What the stores of answers hold, by domain.
package struct CacheReport: Sendable, Equatable {
  package struct Domain: Sendable, Equatable {
    package var entries = 0
    package var bytes = 0
    /// Those of the entries that are too old or worthless, until somebody asks for them or their room is needed.
    package var stale = 0
    /// Nanoseconds.
    package var oldest: Int64 = 0
    /// Nanoseconds, of all entries together; the mean is what is of use.
    package var ages: Int64 = 0
    /// Bytes of the largest entry.
    package var largest = 0
    package var hits: UInt64 = 0
    package var misses: UInt64 = 0

    package init() {}
  }

  package var domains: [String: Domain] = [:]
  /// Bytes that the stores may take.
  package var budget = 0
  /// Bytes that they take, bookkeeping included.
  package var used = 0

  package init() {}

  package var entries: Int { domains.values.reduce(0) { $0 + $1.entries } }
}
