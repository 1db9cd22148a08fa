/// Reads the replies that the script gives (a number, or a flat array of numbers) in place, without making anything of
/// them. Whatever else comes, the strict ``RESPParser`` says what it is.
package enum IntegerReply: Equatable {
  /// It is not there whole.
  case incomplete
  /// It is there, so many bytes long.
  case whole(length: Int)
  /// It is something else.
  case other

  /// Reads a reply at the beginning of the bytes.
  ///
  /// - Parameters:
  ///   - numbers: filled with the numbers when the reply is whole.
  ///   - most: how many numbers there may be.
  package static func read(_ bytes: RawSpan, into numbers: inout ContiguousArray<Int64>, most: Int) -> IntegerReply {
    numbers.removeAll(keepingCapacity: true)
    guard bytes.byteCount > 0 else { return .incomplete }
    var offset = 0
    if byte(bytes, 0) == UInt8(ascii: ":") {
      return read(1, bytes, &offset, into: &numbers)
    }
    guard byte(bytes, 0) == UInt8(ascii: "*") else { return .other }
    offset = 1
    let (line, count) = number(bytes, &offset)
    guard case .whole = line else { return line }
    guard (0...Int64(most)).contains(count) else { return .other }
    return read(Int(count), bytes, &offset, into: &numbers)
  }

  private static func read(
    _ count: Int, _ bytes: RawSpan, _ offset: inout Int, into numbers: inout ContiguousArray<Int64>
  ) -> IntegerReply {
    for _ in 0..<count {
      guard offset < bytes.byteCount else { return .incomplete }
      guard byte(bytes, offset) == UInt8(ascii: ":") else { return .other }
      offset &+= 1
      let (line, value) = number(bytes, &offset)
      guard case .whole = line else { return line }
      numbers.append(value)
    }
    return .whole(length: offset)
  }

  /// A line that is a number: an optional minus and 1 to 18 digits. Longer ones are left to the parser.
  private static func number(_ bytes: RawSpan, _ offset: inout Int) -> (IntegerReply, Int64) {
    let end = bytes.byteCount
    guard offset < end else { return (.incomplete, 0) }
    let isNegative = byte(bytes, offset) == UInt8(ascii: "-")
    if isNegative { offset &+= 1 }
    var (value, digits) = (Int64(0), 0)
    while offset < end {
      let digit = byte(bytes, offset) &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      digits &+= 1
      guard digits <= 18 else { return (.other, 0) }
      value = value &* 10 &+ Int64(digit)
      offset &+= 1
    }
    guard offset < end else { return (.incomplete, 0) }
    guard digits > 0, byte(bytes, offset) == 0x0D else { return (.other, 0) }
    guard offset &+ 1 < end else { return (.incomplete, 0) }
    guard byte(bytes, offset &+ 1) == 0x0A else { return (.other, 0) }
    offset &+= 2
    return (.whole(length: 0), isNegative ? -value : value)
  }

  @inline(__always)
  private static func byte(_ bytes: RawSpan, _ offset: Int) -> UInt8 {
    bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
