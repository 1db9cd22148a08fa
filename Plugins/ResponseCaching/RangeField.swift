/// The Range field of a request (RFC 9110 section 14.2), as far as it can be answered with one part.
enum RangeField: Equatable {
  /// Offsets into the content, at least one of them.
  case part(Range<Int>)
  case unsatisfiable
  /// Another unit, several parts, or nonsense: who may not know ranges sends everything.
  case ignored

  /// - Parameter length: bytes of the whole content.
  init(_ value: UnsafeRawBufferPointer, length: Int) {
    self = Self.read(value, length) ?? .ignored
  }

  private static func read(_ value: UnsafeRawBufferPointer, _ length: Int) -> RangeField? {
    guard value.count > 6, OctetClass.equalIgnoringCase(value.prefix(6), "bytes=") else { return nil }
    let range = ListScanner.trim(value.dropFirst(6))
    guard let dash = range.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let (first, last) = (range[..<dash], range[(dash + 1)...])
    if first.isEmpty { return suffix(last, length) }
    guard let start = number(first) else { return nil }
    guard !last.isEmpty else { return start < length ? .part(start..<length) : .unsatisfiable }
    guard let end = number(last), end >= start else { return nil }
    return start < length ? .part(start..<(min(end, length - 1) + 1)) : .unsatisfiable
  }

  private static func suffix(_ text: Slice<UnsafeRawBufferPointer>, _ length: Int) -> RangeField? {
    guard let count = number(text) else { return nil }
    if count == 0 { return .unsatisfiable }
    // Satisfiable, but there is no way to say it (section 14.4).
    return length > 0 ? .part((length - min(count, length))..<length) : nil
  }

  /// A number that is larger than any content counts as such a one.
  private static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard !text.isEmpty else { return nil }
    var value = 0
    for octet in text {
      guard OctetClass.isDigit(octet) else { return nil }
      value = min(value * 10 + Int(octet &- 0x30), 1 << 50)
    }
    return value
  }
}
