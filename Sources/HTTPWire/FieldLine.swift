/// Reads one field line (RFC 9112 section 5).
enum FieldLine {
  /// The field of a line that has no line end any more.
  @inline(__always)
  static func parse(_ bytes: RawSpan, _ line: Range<Int>) throws(WireError) -> Field {
    guard !bytes[at: line.lowerBound].isBlank else { throw WireError(.fieldLineFolded) }
    guard let colon = bytes.firstIndex(of: 0x3A, in: line) else { throw WireError(.fieldLineInvalid) }
    let nameRange = line.lowerBound..<colon
    guard nameRange.count > 0, nameRange.count <= Int(UInt16.max) else { throw WireError(.fieldNameInvalid) }
    let id = FieldID(name: bytes.extracting(nameRange))
    if id == .other { try checkName(bytes, nameRange) }
    let value = bytes.trimmed((colon &+ 1)..<line.upperBound)
    guard bytes.isFieldValue(value) else { throw WireError(.fieldValueInvalid) }
    return Field(
      nameStart: UInt32(truncatingIfNeeded: nameRange.lowerBound),
      nameLength: UInt16(truncatingIfNeeded: nameRange.count),
      valueStart: UInt32(truncatingIfNeeded: value.lowerBound),
      valueLength: UInt32(truncatingIfNeeded: value.count), id: id)
  }

  /// A name that is not known must be a token; a blank before the colon has an answer of its own, because it is the
  /// mark of a smuggling attempt (RFC 9112 section 5.1).
  private static func checkName(_ bytes: RawSpan, _ name: Range<Int>) throws(WireError) {
    if bytes.isMade(of: .token, in: name) { return }
    throw WireError(bytes[at: name.upperBound &- 1].isBlank ? .fieldNameBlank : .fieldNameInvalid)
  }

  /// Whether a tab stands around the value of a field. The grammar allows it, but widespread parsers do not take
  /// "chunked" and a tab for chunked, so the fields that frame a message must do without.
  static func hasTabs(_ bytes: RawSpan, around field: Field, in line: Range<Int>?) -> Bool {
    guard let line else { return false }
    let before = field.nameOffsets.upperBound..<field.valueOffsets.lowerBound
    let after = field.valueOffsets.upperBound..<line.upperBound
    return bytes.firstIndex(of: 0x09, in: before) != nil || bytes.firstIndex(of: 0x09, in: after) != nil
  }
}
