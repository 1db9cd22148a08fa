public import NIOCore

/// The fields of one message: the head's bytes as they were read, and where each field stands in them.
///
/// No name or value is copied or made a String before somebody asks. A block is reused from message to message on a
/// connection, so that parsing allocates nothing. Indices come from ``first(_:)``, ``firstIndex(named:)`` or
/// `fields.indices`; a foreign index traps like a foreign array index.
public struct FieldBlock: Sendable {
  /// The whole head; fields point into it, counted from its reader index.
  public package(set) var bytes: ByteBuffer {
    get { head ?? ByteBuffer() }
    set { head = newValue }
  }
  /// nil for an empty block: an empty buffer would be one that all threads share and count references of.
  @usableFromInline
  var head: ByteBuffer?
  /// The fields in the order they were sent, removed ones included.
  public package(set) var fields: [Field]
  /// Which known names occur; a name stays when its field is marked removed.
  public package(set) var present: FieldIDSet

  /// An empty block.
  public init() {
    fields = []
    present = []
  }

  /// Index of the first field of that name which is not removed.
  @inlinable
  public func first(_ id: FieldID) -> Int? {
    guard present.contains(id) else { return nil }
    return fields.firstIndex { $0.id == id && !$0.isRemoved }
  }

  /// How many fields of that name there are which are not removed.
  @inlinable
  public func count(of id: FieldID) -> Int {
    guard present.contains(id) else { return 0 }
    var count = 0
    for field in fields where field.id == id && !field.isRemoved { count &+= 1 }
    return count
  }

  /// Lends the name as it was sent. The pointer must not leave the closure.
  @inlinable
  public func withName<R, E: Error>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let field = fields[index]
    return try withBytes(ByteRange(start: field.nameStart, length: UInt32(field.nameLength)), body)
  }

  /// Lends the value without the blanks around it. The pointer must not leave the closure.
  @inlinable
  public func withValue<R, E: Error>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let field = fields[index]
    return try withBytes(ByteRange(start: field.valueStart, length: field.valueLength), body)
  }

  /// Lends the value of the first field of that name; nil when there is none.
  @inlinable
  public func withValue<R, E: Error>(
    of id: FieldID, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R? {
    guard let index = first(id) else { return nil }
    return try withValue(index, body)
  }

  /// Lends a stretch of the head; a range that is not inside it lends nothing.
  @inlinable
  package func withBytes<R, E: Error>(
    _ range: ByteRange, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    guard let head else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return try head.withUnsafeReadableBytes { (head) throws(E) -> R in
      let offsets = range.offsets
      guard offsets.upperBound <= head.count else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
      return try body(UnsafeRawBufferPointer(rebasing: head[offsets]))
    }
  }

  /// The value as a slice of the head, not copied. It keeps the whole head alive.
  public func value(_ index: Int) -> ByteBuffer {
    let field = fields[index]
    let start = bytes.readerIndex + Int(field.valueStart)
    return bytes.getSlice(at: start, length: Int(field.valueLength)) ?? ByteBuffer()
  }

  /// The first value of that name as text, for cold paths; bytes that are no UTF-8 are replaced.
  public func string(of id: FieldID) -> String? {
    withValue(of: id) { String(decoding: $0, as: UTF8.self) }
  }

  /// Index of the first field of that name, in any letter case, which is not removed. For names that have no
  /// identifier; a known name is found faster by ``first(_:)``.
  public func firstIndex(named name: String) -> Int? {
    var name = name
    return name.withUTF8 { wanted in
      fields.indices.first { index in
        guard !fields[index].isRemoved, Int(fields[index].nameLength) == wanted.count else { return false }
        return withName(index) { $0.bytes.equalsIgnoringCase(UnsafeRawBufferPointer(wanted).bytes) }
      }
    }
  }

  /// Marks every field of that name removed.
  public mutating func remove(_ id: FieldID) {
    guard present.contains(id) else { return }
    for index in fields.indices where fields[index].id == id { fields[index].flags.insert(.removed) }
  }

  /// Marks one field removed.
  public mutating func remove(at index: Int) {
    fields[index].flags.insert(.removed)
  }

  /// Empties the block and keeps its capacity.
  package mutating func reset() {
    head = nil
    begin()
  }

  /// Empties all but the bytes, which are replaced when the next head is complete.
  mutating func begin() {
    if !fields.isEmpty { fields.removeAll(keepingCapacity: true) }
    present = []
  }
}
