/// Remembers for a moment whose answers were of no use, so that nobody waits for one again at once. Of a fixed size, from
/// the first one on: keys that meet displace each other.
struct VainKeys {
  private struct Entry {
    var hash: UInt64 = 0
    var until = Int64.min
  }

  private static let size = 1024
  /// In nanoseconds.
  private let memory: Int64
  private var entries: ContiguousArray<Entry> = []

  init(memory: Int64) { self.memory = memory }

  mutating func note(_ hash: UInt64, now: Int64) {
    if entries.isEmpty { entries = ContiguousArray(repeating: Entry(), count: Self.size) }
    entries[place(hash)] = Entry(hash: hash, until: now &+ memory)
  }

  func contains(_ hash: UInt64, now: Int64) -> Bool {
    guard !entries.isEmpty else { return false }
    let entry = entries[place(hash)]
    return entry.hash == hash && entry.until > now
  }

  private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (Self.size - 1) }
}
