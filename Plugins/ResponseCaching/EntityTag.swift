/// Entity tags (RFC 9110 section 8.8.3). A backslash in one is a character like the others.
enum EntityTag {
  typealias Text = Slice<UnsafeRawBufferPointer>

  /// Whether the text is one entity tag and nothing else.
  static func isOne(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let (_, rest) = first(of: text[...]) else { return false }
    return rest.isEmpty
  }

  static func isWeak(_ tag: some Collection<UInt8>) -> Bool { tag.first == UInt8(ascii: "W") }

  /// Both are strong and the same (section 8.8.3.2).
  static func matchesStrongly(_ tag: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
    !isWeak(tag) && tag.elementsEqual(other)
  }

  /// The same but for `W/` (section 8.8.3.2).
  static func matchesWeakly(_ tag: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
    tag.dropFirst(isWeak(tag) ? 2 : 0).elementsEqual(other.dropFirst(isWeak(other) ? 2 : 0))
  }

  /// Visits the tags of a list; false when it is none.
  static func forEach(in list: UnsafeRawBufferPointer, _ body: (Text) -> Void) -> Bool {
    var rest = list[...]
    while true {
      while let octet = rest.first, octet == 0x20 || octet == 0x09 || octet == UInt8(ascii: ",") {
        rest = rest.dropFirst()
      }
      if rest.isEmpty { return true }
      guard let (tag, after) = first(of: rest) else { return false }
      body(tag)
      rest = after.drop { $0 == 0x20 || $0 == 0x09 }
      guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return false }
    }
  }

  /// The tag that the text begins with.
  private static func first(of text: Text) -> (tag: Text, rest: Text)? {
    let isWeak = text.first == UInt8(ascii: "W") && text.dropFirst().first == UInt8(ascii: "/")
    let quoted = text.dropFirst(isWeak ? 2 : 0)
    guard quoted.first == UInt8(ascii: "\"") else { return nil }
    let inner = quoted.dropFirst().prefix { $0 == 0x21 || ($0 >= 0x23 && $0 != 0x7F) }
    guard inner.endIndex < text.endIndex, text[inner.endIndex] == UInt8(ascii: "\"") else { return nil }
    return (text[text.startIndex...inner.endIndex], text[(inner.endIndex + 1)...])
  }
}
