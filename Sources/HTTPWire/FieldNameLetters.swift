/// The letters and digits of a field name in lower case: what is left of `X-User-Id`, `x_user_id` and `XUserId` when a
/// server drops the marks or turns one into another.
public struct FieldNameLetters: Sendable, Hashable {
  private let letters: [UInt8]

  /// The letters of a name; nil when it has none or is no token (RFC 9110 section 5.6.2).
  public init?(_ name: String) {
    guard !name.isEmpty, name.utf8.allSatisfy(OctetSet.token.contains) else { return nil }
    letters = name.utf8.map(\.lowercasedASCII).filter(\.isLetterOrDigit)
    if letters.isEmpty { return nil }
  }

  /// Whether a server could read that name as this one.
  func areOf(_ name: RawSpan) -> Bool {
    guard name.byteCount >= letters.count else { return false }
    var matched = 0
    for offset in 0..<name.byteCount {
      let octet = name[at: offset].lowercasedASCII
      guard octet.isLetterOrDigit else { continue }
      guard matched < letters.count, letters[matched] == octet else { return false }
      matched &+= 1
    }
    return matched == letters.count
  }
}

extension UInt8 {
  /// Whether a letter in lower case, or a digit.
  fileprivate var isLetterOrDigit: Bool { isDigit || self &- 0x61 < 26 }
}

extension FieldBlock {
  /// Marks removed every field whose name a server could read as one of these.
  public mutating func remove(readingAs names: [FieldNameLetters]) {
    if names.isEmpty { return }
    for index in fields.indices where !fields[index].isRemoved {
      let isNamed = withName(index) { name in
        for letters in names where letters.areOf(name.bytes) { return true }
        return false
      }
      if isNamed { remove(at: index) }
    }
  }
}
