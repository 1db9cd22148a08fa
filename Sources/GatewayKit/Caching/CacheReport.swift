/// What the stores of answers hold, by domain.
package struct CacheReport: Sendable, Equatable {
  /// More domains than these, those that take most, are not told apart.
  package static let mostDomains = 1000

  /// One domain's part, or that of several together.
  package struct Domain: Sendable, Equatable {
    package var entries = 0
    package var bytes = 0
    /// How many entries are of an age up to each of ``CacheReport/ages``, the last number for all older ones.
    package var ages: [Int] = []
    package var uses = CacheUses()

    package init() {}
  }

  package var domains: [String: Domain] = [:]
  /// All other domains together, and how many they are.
  package var others = Domain()
  package var otherDomains = 0
  /// Upper ends of the classes of age, in seconds.
  package var ages: [Int64] = []
  /// Bytes that the stores may take.
  package var budget = 0
  /// Bytes that they take, bookkeeping included.
  package var used = 0

  package init() {}

  package var entries: Int { domains.values.reduce(others.entries) { $0 + $1.entries } }
}
