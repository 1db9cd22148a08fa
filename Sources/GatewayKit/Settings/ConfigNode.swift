/// One value of a configuration file, with the place where it stands.
///
/// Equality and hash see the settings, not the spelling: positions, quotes and the order of keys do not count, so equal
/// settings of many domains can share one filter.
public struct ConfigNode: Sendable {
  /// What a node holds.
  public enum Value: Sendable {
    /// Nothing: an empty value, `~` or `null`.
    case null
    /// A text; `quoted` tells whether it stood in quotes or in a block.
    case scalar(String, quoted: Bool)
    /// A list.
    case sequence([ConfigNode])
    /// Keys and values in the order of the file; the keys are unique.
    case mapping([Entry])
  }

  /// One key of a mapping with its value.
  public struct Entry: Sendable {
    /// The key.
    public let key: String
    /// Where the key stands.
    public let keyPosition: SourcePosition
    /// The value.
    public let value: ConfigNode

    /// A key at a position with a value.
    public init(key: String, keyPosition: SourcePosition, value: ConfigNode) {
      self.key = key
      self.keyPosition = keyPosition
      self.value = value
    }
  }

  /// What the node holds.
  public var value: Value
  /// Where it stands.
  public var position: SourcePosition
  /// The text came out of the environment, so an error message must not repeat it.
  package var isInterpolated: Bool

  /// A node at a position.
  public init(_ value: Value, position: SourcePosition) {
    self.init(value, position: position, isInterpolated: false)
  }

  package init(_ value: Value, position: SourcePosition, isInterpolated: Bool) {
    self.value = value
    self.position = position
    self.isInterpolated = isInterpolated
  }

  /// The node's kind in words, for error messages.
  package var kind: String {
    switch value {
    case .null: "nothing"
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension ConfigNode: Hashable {
  /// Compares what the nodes hold, not where they stand.
  public static func == (left: ConfigNode, right: ConfigNode) -> Bool {
    switch (left.value, right.value) {
    case (.null, .null): true
    case (.scalar(let left, _), .scalar(let right, _)): left == right
    case (.sequence(let left), .sequence(let right)): left == right
    case (.mapping(let left), .mapping(let right)):
      ConfigNode.sorted(left).elementsEqual(ConfigNode.sorted(right)) { $0.key == $1.key && $0.value == $1.value }
    default: false
    }
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    switch value {
    case .null:
      hasher.combine(0)
    case .scalar(let text, _):
      hasher.combine(1)
      hasher.combine(text)
    case .sequence(let items):
      hasher.combine(2)
      hasher.combine(items)
    case .mapping(let entries):
      hasher.combine(3)
      hasher.combine(entries.count)
      for entry in ConfigNode.sorted(entries) {
        hasher.combine(entry.key)
        hasher.combine(entry.value)
      }
    }
  }

  private static func sorted(_ entries: [Entry]) -> [Entry] {
    entries.sorted { $0.key < $1.key }
  }
}
