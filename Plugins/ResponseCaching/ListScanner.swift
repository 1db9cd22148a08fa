/// Reads comma-separated lists (RFC 9110 section 5.6.1); commas in quoted strings do not separate.
enum ListScanner {
  /// Visits the elements that are not empty.
  ///
  /// - Returns: false when a quoted string has no end: nobody can tell what else the list was to say.
  @discardableResult
  static func forEach(in value: UnsafeRawBufferPointer, _ body: (Slice<UnsafeRawBufferPointer>) -> Void) -> Bool {
    var start = 0
    var index = 0
    var isQuoted = false
    while index < value.count {
      let octet = value[index]
      if isQuoted, octet == UInt8(ascii: "\\") {
        index += 1
      } else if octet == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if octet == UInt8(ascii: ","), !isQuoted {
        visit(value[start..<index], body)
        start = index + 1
      }
      index += 1
    }
    visit(value[start..<value.count], body)
    return !isQuoted
  }

  private static func visit(
    _ element: Slice<UnsafeRawBufferPointer>, _ body: (Slice<UnsafeRawBufferPointer>) -> Void
  ) {
    let element = trim(element)
    if !element.isEmpty { body(element) }
  }

  static func trim(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    var text = text
    while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
  }
}
