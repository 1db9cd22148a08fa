/// Writes one line of JSON into a fixed piece of memory that is used again for the next.
///
/// Its owner gives it room for the longest line there can be. Should that be wrong, the line ends where the room does and
/// nothing outside is touched.
struct JSONLineWriter: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private var count = 0

  init(capacity: Int) { memory = .allocate(byteCount: max(capacity, 64), alignment: 8) }

  deinit { memory.deallocate() }

  mutating func begin() { count = 0 }

  mutating func end() { raw("}\n") }

  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
  }
}

// MARK: - Members

extension JSONLineWriter {
  /// A text of a peer's; the name comes with comma, quotes and colon.
  mutating func member(_ name: StaticString, _ text: UnsafeRawBufferPointer, atMost limit: Int) {
    raw(name)
    string(text, atMost: limit)
  }

  /// A text, or null.
  mutating func member(_ name: StaticString, _ text: String?, atMost limit: Int) {
    raw(name)
    guard var text else { return raw("null") }
    text.withUTF8 { string(UnsafeRawBufferPointer($0), atMost: limit) }
  }

  /// One of our own words, or null.
  mutating func member(_ name: StaticString, _ word: StaticString?) {
    raw(name)
    guard let word else { return raw("null") }
    string(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount), atMost: 64)
  }

  mutating func member(_ name: StaticString, _ number: UInt64) {
    raw(name)
    decimal(number)
  }
}

// MARK: - Pieces

extension JSONLineWriter {
  mutating func raw(_ text: StaticString) {
    raw(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func raw(_ bytes: UnsafeRawBufferPointer) {
    let count = min(bytes.count, memory.count - self.count)
    guard count > 0, let source = bytes.baseAddress else { return }
    UnsafeMutableRawBufferPointer(rebasing: memory[self.count...])
      .copyMemory(from: UnsafeRawBufferPointer(start: source, count: count))
    self.count += count
  }

  private mutating func byte(_ byte: UInt8) {
    guard count < memory.count else { return }
    memory[count] = byte
    count += 1
  }

  /// A number with at least so many digits.
  mutating func decimal(_ number: UInt64, digits: Int = 1) {
    var length = 1
    var rest = number
    while rest >= 10 {
      rest /= 10
      length += 1
    }
    length = max(length, digits)
    guard memory.count - count >= length else { return }
    rest = number
    for place in (count..<count + length).reversed() {
      memory[place] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
    count += length
  }

  /// Sixteen hexadecimal digits.
  mutating func hex(_ number: UInt64) {
    for shift in stride(from: 60, through: 0, by: -4) { hexDigit(UInt8((number >> UInt64(shift)) & 15)) }
  }

  private mutating func hexDigit(_ digit: UInt8) { byte(digit < 10 ? 0x30 + digit : 0x57 + digit) }
}

// MARK: - Strings

extension JSONLineWriter {
  /// A JSON string (RFC 8259 section 7) of bytes that may be anything: what is no UTF-8 becomes U+FFFD. Only the first
  /// `limit` bytes are written.
  mutating func string(_ bytes: UnsafeRawBufferPointer, atMost limit: Int) {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(limit))
    byte(0x22)
    var start = 0
    var index = 0
    while index < bytes.count {
      let octet = bytes[index]
      if octet >= 0x20, octet < 0x7F, octet != 0x22, octet != 0x5C {
        index += 1
        continue
      }
      let length = octet < 0x80 ? 0 : UTF8Sequence.length(bytes, at: index)
      if length > 0 {
        index += length
        continue
      }
      raw(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
      escape(octet)
      index += 1
      start = index
    }
    raw(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
    byte(0x22)
  }

  private mutating func escape(_ octet: UInt8) {
    switch octet {
    case 0x22: raw("\\\"")
    case 0x5C: raw("\\\\")
    case 0x00..<0x20, 0x7F:
      raw("\\u00")
      hexDigit(octet >> 4)
      hexDigit(octet & 15)
    default: raw("\u{FFFD}")
    }
  }
}

/// Well-formed UTF-8 (RFC 3629 section 4).
enum UTF8Sequence {
  /// Length of the sequence of two or more bytes that begins here; 0 when there is no well-formed one.
  static func length(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
    let first = bytes[index]
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch first {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE...0xEF: (3, 0x80...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0...0)
      }
    guard length > 0, index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
    for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
