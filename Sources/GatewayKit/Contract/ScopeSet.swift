/// A set of scopes of one ``ScopeUniverse``.
public struct ScopeSet: Sendable, Hashable {
  private(set) var words: [UInt64]

  init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }

  mutating func insert(_ index: Int) { words[index >> 6] |= 1 << UInt64(index & 63) }

  func contains(_ index: Int) -> Bool { words[index >> 6] & 1 << UInt64(index & 63) != 0 }

  mutating func formUnion(_ other: ScopeSet) {
    for index in 0..<min(words.count, other.words.count) { words[index] |= other.words[index] }
  }

  /// Whether the two sets of one universe share a member.
  public func intersects(_ other: ScopeSet) -> Bool {
    for index in 0..<min(words.count, other.words.count) where words[index] & other.words[index] != 0 { return true }
    return false
  }

  /// Whether every member of the other set is in this one.
  public func contains(_ other: ScopeSet) -> Bool {
    guard words.count == other.words.count else { return false }
    for index in words.indices where other.words[index] & ~words[index] != 0 { return false }
    return true
  }

  /// Whether there is no member.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
}
