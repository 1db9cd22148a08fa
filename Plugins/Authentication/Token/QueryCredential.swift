/// Finds tokens in a query. The API behind reads `access_token` or `jwt` there before the header, so none may go by
/// unseen, however it is spelled.
struct QueryCredential {
  /// How many parameters a server could take for a token.
  private(set) var count = 0
  /// Where the token stands, when the only such parameter is spelled plainly (`access_token=` or `jwt=`).
  private(set) var token: Range<Int>?

  private static let names: [StaticString] = ["access_token", "jwt"]

  init(_ query: UnsafeRawBufferPointer) {
    var start = 0
    while start <= query.count {
      var end = start
      // Some servers part a query at semicolons too.
      while end < query.count, query[end] != UInt8(ascii: "&"), query[end] != UInt8(ascii: ";") { end += 1 }
      take(query, start..<end)
      start = end + 1
    }
    if count != 1 { token = nil }
  }

  private mutating func take(_ query: UnsafeRawBufferPointer, _ parameter: Range<Int>) {
    let nameEnd = query[parameter].firstIndex(of: UInt8(ascii: "=")) ?? parameter.upperBound
    let name = parameter.lowerBound..<nameEnd
    guard Self.isToken(query, name) else { return }
    count += 1
    let isPlain = Self.names.contains { plain in
      plain.utf8CodeUnitCount == name.count
        && plain.withUTF8Buffer { UnsafeRawBufferPointer(rebasing: query[name]).elementsEqual($0) }
    }
    token = isPlain && nameEnd < parameter.upperBound ? (nameEnd + 1)..<parameter.upperBound : nil
  }

  /// Whether some reader could see one of the names: percent-encoding, letter case and the brackets of nested
  /// parameters (`[jwt]`, `access_token[]`) do not count.
  private static func isToken(_ query: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    for wanted in names where reads(query, range, as: wanted) { return true }
    return false
  }

  private static func reads(
    _ query: UnsafeRawBufferPointer, _ range: Range<Int>, as wanted: StaticString
  ) -> Bool {
    var offset = range.lowerBound
    var matched = 0
    while offset < range.upperBound {
      let octet = decoded(query, &offset, before: range.upperBound)
      if matched == 0, octet == UInt8(ascii: "[") || octet == UInt8(ascii: "?") || isBlank(octet) { continue }
      if matched == wanted.utf8CodeUnitCount {
        return octet == UInt8(ascii: "[") || octet == UInt8(ascii: "]") || isBlank(octet) || octet == 0
      }
      guard lowercased(octet) == wanted.utf8Start[matched] else { return false }
      matched += 1
    }
    return matched == wanted.utf8CodeUnitCount
  }

  private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == UInt8(ascii: "+") }

  private static func lowercased(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }

  /// The next octet with its percent-encoding undone.
  private static func decoded(_ query: UnsafeRawBufferPointer, _ offset: inout Int, before end: Int) -> UInt8 {
    let octet = query[offset]
    if octet == UInt8(ascii: "%"), offset + 2 < end, let high = hexValue(query[offset + 1]),
      let low = hexValue(query[offset + 2])
    {
      offset += 3
      return high << 4 | low
    }
    offset += 1
    return octet
  }

  private static func hexValue(_ octet: UInt8) -> UInt8? {
    if octet &- 0x30 < 10 { return octet &- 0x30 }
    let letter = (octet | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }
}
