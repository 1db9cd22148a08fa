/// The scope names that a catalogue of operations knows, each with a number, so that a set of them is a set of bits.
public final class ScopeUniverse: Sendable {
  /// By bytes: `String` would take other Unicode forms of a name for the same.
  private let indices: [[UInt8]: Int]

  /// How many names there are.
  public var count: Int { indices.count }

  /// A universe of these names; repeated names count once.
  public init(_ names: some Sequence<String>) {
    var indices: [[UInt8]: Int] = [:]
    for name in names where indices[Array(name.utf8)] == nil { indices[Array(name.utf8)] = indices.count }
    self.indices = indices
  }

  /// The set of those names that the universe knows. Names compare byte for byte.
  public func set(of names: some Sequence<String>) -> ScopeSet {
    var set = ScopeSet(capacity: indices.count)
    for name in names {
      if let index = indices[Array(name.utf8)] { set.insert(index) }
    }
    return set
  }
}

/// A set of scopes of one ``ScopeUniverse``.
public struct ScopeSet: Sendable, Hashable {
  private var words: [UInt64]

  init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }

  mutating func insert(_ index: Int) { words[index >> 6] |= 1 << UInt64(index & 63) }

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
