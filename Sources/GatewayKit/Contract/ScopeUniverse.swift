import Crypto

/// The scope names that a catalogue of operations knows, each with a number, so that a set of them is a set of bits; and
/// what its groups widen to.
public final class ScopeUniverse: Sendable {
  /// By bytes: `String` would take other Unicode forms of a name for the same.
  private let indices: [[UInt8]: Int]
  private let names: [String]
  /// What the name of a group adds to a token that has it.
  private let groups: [[UInt8]: ScopeSet]
  private let deprecated: Set<[UInt8]>
  private let honoursDeprecated: Bool
  /// Stands for the names and their numbers.
  private let digest: Fingerprint

  /// How many names there are.
  public var count: Int { names.count }

  /// A universe of these names; repeated names count once.
  ///
  /// - Parameters:
  ///   - groups: what the names of groups widen to. Groups and their members are names like the others.
  ///   - deprecated: groups that are on their way out.
  ///   - honoursDeprecated: whether these still count for anything.
  public init(
    _ names: some Sequence<String>, groups: [String: [String]] = [:], deprecated: Set<String> = [],
    honoursDeprecated: Bool = true
  ) {
    var indices: [[UInt8]: Int] = [:]
    var ordered: [String] = []
    let members = groups.sorted { $0.key < $1.key }
    for name in Array(names) + members.flatMap({ [$0.key] + $0.value }) where indices[Array(name.utf8)] == nil {
      indices[Array(name.utf8)] = ordered.count
      ordered.append(name)
    }
    self.indices = indices
    self.names = ordered
    self.groups = Dictionary(
      members.map { (Array($0.key.utf8), Self.set(of: $0.value, in: indices)) }, uniquingKeysWith: { first, _ in first }
    )
    self.deprecated = Set(deprecated.map { Array($0.utf8) })
    self.honoursDeprecated = honoursDeprecated
    var hash = SHA256()
    for name in ordered { hash.update(part: name) }
    digest = Fingerprint(digest: hash.finalize())
  }

  /// The set of those names that the universe knows, as they stand. Names compare byte for byte.
  public func set(of names: some Sequence<String>) -> ScopeSet { Self.set(of: names, in: indices) }

  /// Whether the universe knows the name.
  package func knows(_ name: String) -> Bool { indices[Array(name.utf8)] != nil }

  /// The names of a set.
  package func names(of set: ScopeSet) -> [String] { names.indices.filter { set.contains($0) }.map { names[$0] } }

  private static func set(of names: some Sequence<String>, in indices: [[UInt8]: Int]) -> ScopeSet {
    var set = ScopeSet(capacity: indices.count)
    for name in names {
      if let index = indices[Array(name.utf8)] { set.insert(index) }
    }
    return set
  }
}

// MARK: - Widening

extension ScopeUniverse {
  /// What a token's scopes come to.
  package struct Widened {
    /// The scopes themselves and what the groups among them hold. Members that name a group are not widened again.
    package var set: ScopeSet
    /// Scopes that mean nothing here; an origin may know them.
    package var unknown: [String] = []
    /// The deprecated groups among the scopes.
    package var deprecated: [String] = []
  }

  /// Widens a token's scopes, once.
  package func widen(_ scopes: [String]) -> Widened {
    var widened = Widened(set: ScopeSet(capacity: names.count))
    for scope in scopes {
      let bytes = Array(scope.utf8)
      if deprecated.contains(bytes) {
        widened.deprecated.append(scope)
        if !honoursDeprecated {
          widened.unknown.append(scope)
          continue
        }
      }
      if let group = groups[bytes] { widened.set.formUnion(group) }
      if let index = indices[bytes] {
        widened.set.insert(index)
      } else {
        widened.unknown.append(scope)
      }
    }
    return widened
  }

  /// The scopes of an identity, as this universe sees them.
  func effectiveScopes(of scopes: [String], kind: String) -> EffectiveScopes {
    let widened = widen(scopes)
    return EffectiveScopes(
      universe: self, set: widened.set, fingerprint: fingerprint(widened, kind: kind),
      usesDeprecatedGroup: !widened.deprecated.isEmpty)
  }

  /// Equal only when an origin has no reason to answer differently: the same scopes of the same universe, the same
  /// unknown ones, which the origin may know, and the same kind of token.
  private func fingerprint(_ widened: Widened, kind: String) -> Fingerprint {
    var hash = SHA256()
    hash.update(word: digest.words.0)
    hash.update(word: digest.words.1)
    hash.update(word: digest.words.2)
    hash.update(word: digest.words.3)
    hash.update(part: kind)
    // The digest says how many words there are.
    for word in widened.set.words { hash.update(word: word) }
    for name in Set(widened.unknown).sorted() { hash.update(part: name) }
    return Fingerprint(digest: hash.finalize())
  }
}

extension SHA256 {
  /// A part with its length before it.
  fileprivate mutating func update(part: String) {
    update(word: UInt64(part.utf8.count))
    update(data: Array(part.utf8))
  }

  fileprivate mutating func update(word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { update(bufferPointer: $0) }
  }
}
