/// A set of known field names in one machine word.
public struct FieldIDSet: Sendable, Hashable, ExpressibleByArrayLiteral {
  @usableFromInline
  var bits: UInt64

  /// The empty set.
  @inlinable
  public init() { bits = 0 }

  /// A set of the given names.
  @inlinable
  public init(arrayLiteral elements: FieldID...) {
    bits = 0
    for element in elements { insert(element) }
  }

  /// Whether no name is in the set.
  @inlinable
  public var isEmpty: Bool { bits == 0 }

  /// Whether the name is in the set.
  @inlinable
  public func contains(_ id: FieldID) -> Bool { bits & (1 &<< UInt64(id.rawValue)) != 0 }

  /// Adds a name.
  @inlinable
  public mutating func insert(_ id: FieldID) { bits |= 1 &<< UInt64(id.rawValue) }

  /// Takes a name out.
  @inlinable
  public mutating func remove(_ id: FieldID) { bits &= ~(1 &<< UInt64(id.rawValue)) }

  /// The names of both sets.
  @inlinable
  public func union(_ other: FieldIDSet) -> FieldIDSet {
    var both = self
    both.bits |= other.bits
    return both
  }

  /// The names that are in both sets.
  @inlinable
  public func intersection(_ other: FieldIDSet) -> FieldIDSet {
    var common = self
    common.bits &= other.bits
    return common
  }
}
