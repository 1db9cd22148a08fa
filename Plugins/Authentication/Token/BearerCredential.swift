/// Finds the token in an Authorization field: `Bearer` or `JWT` in any letter case, blanks, the token (RFC 6750
/// section 2.1). The API behind takes both words.
enum BearerCredential {
  /// The token's bytes; nil when the value has another form.
  static func token(in value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard let schemeEnd = schemeEnd(value) else { return nil }
    var start = schemeEnd
    while start < value.count, value[start] == 0x20 { start += 1 }
    guard start > schemeEnd, start < value.count else { return nil }
    return UnsafeRawBufferPointer(rebasing: value[start...])
  }

  private static func schemeEnd(_ value: UnsafeRawBufferPointer) -> Int? {
    if begins(value, with: "bearer") { return 6 }
    return begins(value, with: "jwt") ? 3 : nil
  }

  /// The word must be in lower case.
  private static func begins(_ value: UnsafeRawBufferPointer, with word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard value.count >= count else { return false }
    for index in 0..<count where value[index] | 0x20 != word.utf8Start[index] { return false }
    return true
  }
}
