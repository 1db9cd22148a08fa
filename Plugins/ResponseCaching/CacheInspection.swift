package import GatewayKit

/// What a cache holds, for who looks after it. Its size is bounded whatever the cache holds.
package struct CacheInspection: Sendable {
  /// One domain's part, or that of several together.
  package struct Part: Sendable {
    /// Answers kept.
    package var entries = 0
    /// Bytes that they take, bookkeeping included.
    package var bytes = 0
    /// What came of its requests.
    package var uses = CacheUses()
    /// How many answers are of an age up to each of ``CacheInspection/ages``, the last number for all older ones.
    package var ages = [Int](repeating: 0, count: CacheInspection.ages.count + 1)

    mutating func add(_ entry: CachedResponse, now: Int64) {
      entries += 1
      bytes += entry.cost
      let seconds = max(0, now &- entry.born) / 1_000_000_000
      ages[CacheInspection.ages.firstIndex { seconds <= $0 } ?? CacheInspection.ages.count] += 1
    }

    mutating func add(_ other: Part) {
      entries += other.entries
      bytes += other.bytes
      uses += other.uses
      for index in ages.indices { ages[index] += other.ages[index] }
    }
  }

  /// Upper ends of the classes of age, in seconds.
  package static let ages: [Int64] = [1, 10, 60, 600, 3600, 86_400]

  /// The domains that take most, by name, the largest first.
  package var domains: [(name: String, part: Part)] = []
  /// All other domains together.
  package var others = Part()
  /// How many they are.
  package var otherDomains = 0

  /// Keeps the largest domains apart.
  init(_ parts: [[UInt8]: Part], most: Int) {
    let sorted = parts.sorted { ($1.value.bytes, $0.key.count) < ($0.value.bytes, $1.key.count) }
    domains = sorted.prefix(most).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    for part in sorted.dropFirst(most) { others.add(part.value) }
    otherDomains = max(0, sorted.count - most)
  }
}

/// What was taken out of a cache.
package struct CacheRemoval: Sendable, Equatable {
  /// How many answers.
  package var entries = 0
  /// The bytes that they took, bookkeeping included.
  package var bytes = 0
}
