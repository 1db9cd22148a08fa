/// A dictionary of structured fields (RFC 9651 section 3.2), read strictly and no further than a cache needs: parameters
/// are checked and passed over, inner lists and byte sequences are told apart but not taken in.
struct StructuredDictionary {
  typealias Text = Slice<UnsafeRawBufferPointer>

  /// A member's value.
  enum Value {
    case integer(Int64)
    case boolean(Bool)
    /// What stands between the quotes, escapes and all.
    case string(Text)
    case other
  }

  private var rest: Text

  /// Visits the members of one field; false when it is no dictionary, and what was visited means nothing then.
  static func forEach(in value: UnsafeRawBufferPointer, _ body: (Text, Value) -> Void) -> Bool {
    var reader = StructuredDictionary(rest: ListScanner.trim(value[...]))
    return reader.members(body)
  }

  private mutating func members(_ body: (Text, Value) -> Void) -> Bool {
    while true {
      guard let key = key() else { return false }
      let value: Value
      if take("=") {
        guard let read = self.value() else { return false }
        value = read
      } else {
        value = .boolean(true)
      }
      guard parameters() else { return false }
      body(key, value)
      skipBlanks()
      if rest.isEmpty { return true }
      guard take(",") else { return false }
      skipBlanks()
    }
  }

  private mutating func key() -> Text? {
    guard let first = rest.first, first &- 0x61 < 26 || first == UInt8(ascii: "*") else { return nil }
    return take { ($0 &- 0x61 < 26) || OctetClass.isDigit($0) || [0x5F, 0x2D, 0x2E, 0x2A].contains($0) }
  }

  private mutating func parameters() -> Bool {
    while take(";") {
      while take(" ") {}
      guard key() != nil else { return false }
      if take("="), item() == nil { return false }
    }
    return true
  }

  private mutating func value() -> Value? {
    guard take("(") else { return item() }
    while true {
      while take(" ") {}
      if take(")") { return .other }
      guard item() != nil, parameters(), rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: ")") else {
        return nil
      }
    }
  }
}

// MARK: - Items

extension StructuredDictionary {
  private mutating func item() -> Value? {
    guard let first = rest.first else { return nil }
    switch first {
    case UInt8(ascii: "-"), 0x30...0x39: return number()
    case UInt8(ascii: "?"): return boolean()
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: ":"): return bytes()
    case UInt8(ascii: "*"), 0x41...0x5A, 0x61...0x7A:
      _ = take { OctetClass.isToken($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
      return .other
    default: return nil
    }
  }

  /// Up to 15 digits, or 12 and a fraction of up to three.
  private mutating func number() -> Value? {
    let isNegative = take("-")
    let whole = take(while: OctetClass.isDigit)
    guard !whole.isEmpty, whole.count <= 15 else { return nil }
    if take(".") {
      let fraction = take(while: OctetClass.isDigit)
      return whole.count <= 12 && (1...3).contains(fraction.count) ? .other : nil
    }
    let number = whole.reduce(0) { $0 * 10 + Int64($1 &- 0x30) }
    return .integer(isNegative ? -number : number)
  }

  private mutating func boolean() -> Value? {
    if take("?1") { return .boolean(true) }
    return take("?0") ? .boolean(false) : nil
  }

  private mutating func string() -> Value? {
    rest = rest.dropFirst()
    let start = rest.startIndex
    while let octet = rest.first {
      rest = rest.dropFirst()
      if octet == UInt8(ascii: "\"") { return .string(rest.base[start..<(rest.startIndex - 1)]) }
      guard octet >= 0x20, octet < 0x7F else { return nil }
      if octet == UInt8(ascii: "\\") {
        guard let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") else { return nil }
        rest = rest.dropFirst()
      }
    }
    return nil
  }

  private mutating func bytes() -> Value? {
    rest = rest.dropFirst()
    _ = take {
      OctetClass.isDigit($0) || ($0 | 0x20) &- 0x61 < 26 || [0x2B, 0x2F, 0x3D].contains($0)
    }
    return take(":") ? .other : nil
  }

  private mutating func skipBlanks() { _ = take { $0 == 0x20 || $0 == 0x09 } }

  private mutating func take(_ text: StaticString) -> Bool {
    let isThere = text.withUTF8Buffer { rest.starts(with: $0) }
    if isThere { rest = rest.dropFirst(text.utf8CodeUnitCount) }
    return isThere
  }

  private mutating func take(while isWanted: (UInt8) -> Bool) -> Text {
    let taken = rest.prefix(while: isWanted)
    rest = rest.dropFirst(taken.count)
    return taken
  }
}
