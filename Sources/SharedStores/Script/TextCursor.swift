/// Writes text into memory that was reserved for it: no checks, no growing, no Strings. Whoever uses it has reckoned how much
/// it can be at most.
struct TextCursor {
  private(set) var position: UnsafeMutableRawPointer

  init(_ start: UnsafeMutableRawPointer) { position = start }

  @inline(__always)
  mutating func byte(_ byte: UInt8) {
    position.storeBytes(of: byte, as: UInt8.self)
    position += 1
  }

  @inline(__always)
  mutating func lineEnd() {
    byte(0x0D)
    byte(0x0A)
  }

  mutating func bytes(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { position.copyMemory(from: start, byteCount: source.count) }
    }
    position += bytes.count
  }

  /// At most 20 bytes.
  mutating func number(_ value: Int64) {
    if value < 0 { byte(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let count = Self.digits(of: rest)
    for place in stride(from: count - 1, through: 0, by: -1) {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      let text = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
      position.storeBytes(of: text, toByteOffset: place, as: UInt8.self)
      rest = quotient
    }
    position += count
  }

  /// 16 bytes.
  mutating func hexadecimal(_ value: UInt64) {
    for place in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: value &>> UInt64(60 - 4 * place)) & 15
      byte(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
    }
  }

  /// A bulk (`$length`, the text, line ends) of 10 to 999 bytes, whose length is known only when it is written.
  mutating func bulk(_ write: (inout TextCursor) -> Void) {
    let start = position
    position += Self.bulkHead
    write(&self)
    let length = position - (start + Self.bulkHead)
    var head = TextCursor(start)
    head.byte(UInt8(ascii: "$"))
    head.number(Int64(length))
    head.lineEnd()
    // Room was left for three digits.
    if head.position != start + Self.bulkHead {
      head.position.copyMemory(from: start + Self.bulkHead, byteCount: length)
      position = head.position + length
    }
    lineEnd()
  }

  private static let bulkHead = 6

  private static func digits(of value: UInt64) -> Int {
    var (count, bound) = (1, UInt64(10))
    while count < 20, value >= bound {
      count += 1
      if count < 20 { bound &*= 10 }
    }
    return count
  }
}
