/// What is to become of a field.
public struct FieldFlags: OptionSet, Sendable, Hashable, BitwiseCopyable {
  /// The raw bits.
  public let rawValue: UInt8

  /// Flags from raw bits.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The field is not forwarded; it stays readable, since a plugin may want to know what was sent.
  public static var removed: FieldFlags { FieldFlags(rawValue: 1) }
}

/// Where one field stands in the bytes of its head; 16 bytes.
public struct Field: BitwiseCopyable, Sendable {
  /// Offset of the name's first byte.
  public let nameStart: UInt32
  /// Offset of the value's first byte, blanks before it left out.
  public let valueStart: UInt32
  /// Bytes of the value, blanks around it left out.
  public let valueLength: UInt32
  /// Bytes of the name.
  public let nameLength: UInt16
  /// The name, when it is a known one.
  public let id: FieldID
  /// What is to become of the field.
  public package(set) var flags: FieldFlags

  @usableFromInline
  init(nameStart: UInt32, nameLength: UInt16, valueStart: UInt32, valueLength: UInt32, id: FieldID) {
    self.nameStart = nameStart
    self.valueStart = valueStart
    self.valueLength = valueLength
    self.nameLength = nameLength
    self.id = id
    self.flags = []
  }

  /// Whether the field is left out when the head is written.
  @inlinable
  public var isRemoved: Bool { flags.contains(.removed) }
}
