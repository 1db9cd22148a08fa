/// Appends to memory that was reserved for a whole head beforehand.
///
/// Writes are checked against the end of the reservation; what does not fit is a mistake in the reservation and traps.
struct HeadWriter {
  private let target: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
    precondition(bytes.count <= target.count &- count, "the reservation for a head was too small")
    (start + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func appendDecimal(_ value: UInt64) {
    let length = Digits.decimalCount(value)
    precondition(length <= target.count &- count, "the reservation for a head was too small")
    count &+= Digits.writeDecimal(value, length, to: target, at: count)
  }

  /// "name: value" and CR LF from the parsed form. A line that was sent in just this form is copied in one piece, which
  /// gives the same bytes.
  @inline(__always)
  mutating func append(_ field: Field, of head: UnsafeRawBufferPointer) {
    let name = field.nameOffsets
    let value = field.valueOffsets
    precondition(value.upperBound <= head.count, "a field outside of its head")
    let isPlain =
      value.lowerBound == name.upperBound &+ 2 && head[name.upperBound &+ 1] == 0x20
      && value.upperBound &+ 2 <= head.count && head[value.upperBound] == 0x0D
    if isPlain {
      append(UnsafeRawBufferPointer(rebasing: head[name.lowerBound..<(value.upperBound &+ 2)]))
      return
    }
    append(UnsafeRawBufferPointer(rebasing: head[name]))
    append(": ")
    append(UnsafeRawBufferPointer(rebasing: head[value]))
    append("\r\n")
  }

  /// The field that says how the content ends; nothing when no field does.
  mutating func append(_ framing: Framing) {
    switch framing {
    case .none, .untilClose: break
    case .chunked: append("Transfer-Encoding: chunked\r\n")
    case .length(let length):
      append("Content-Length: ")
      appendDecimal(length)
      append("\r\n")
    }
  }
}
