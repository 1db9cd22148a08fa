/// uri-host [ ":" port ] (RFC 9110 section 7.2), stricter than RFC 3986: a name of letters, digits, `-`, `.`, `_` and
/// `~`, or an IPv6 address in brackets. No user, no percent-encoding, no empty host.
enum HostSyntax {
  /// How many bytes of the authority are the host. The range must be inside the bytes; loads rely on that.
  static func hostLength(_ bytes: RawSpan, _ range: Range<Int>) throws(WireError) -> UInt32 {
    precondition(range.upperBound <= bytes.byteCount, "a range outside of the bytes")
    guard !range.isEmpty, range.count <= 1024 else { throw WireError(.hostInvalid) }
    let hostEnd =
      bytes[at: range.lowerBound] == 0x5B ? try endOfAddress(bytes, range) : endOfName(bytes, range)
    guard hostEnd > range.lowerBound else { throw WireError(.hostInvalid) }
    try checkPort(bytes, hostEnd..<range.upperBound)
    return UInt32(truncatingIfNeeded: hostEnd - range.lowerBound)
  }

  private static func endOfName(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
    var offset = range.lowerBound
    while offset < range.upperBound, OctetSet.hostName.contains(bytes.byte(checked: offset)) { offset &+= 1 }
    return offset
  }

  /// Hex digits, colons and dots between brackets; whether they make an address is for the domain table to find out.
  private static func endOfAddress(_ bytes: RawSpan, _ range: Range<Int>) throws(WireError) -> Int {
    var offset = range.lowerBound + 1
    while offset < range.upperBound {
      let octet = bytes[at: offset]
      if octet == 0x5D, offset > range.lowerBound + 2 { return offset + 1 }
      guard octet.hexValue != nil || octet == 0x3A || octet == 0x2E else { break }
      offset += 1
    }
    throw WireError(.hostInvalid)
  }

  private static func checkPort(_ bytes: RawSpan, _ range: Range<Int>) throws(WireError) {
    guard !range.isEmpty else { return }
    guard bytes[at: range.lowerBound] == 0x3A, range.count <= 6 else { throw WireError(.hostInvalid) }
    var port = 0
    var offset = range.lowerBound &+ 1
    while offset < range.upperBound {
      let octet = bytes.byte(checked: offset)
      guard octet.isDigit else { throw WireError(.hostInvalid) }
      port = port &* 10 &+ Int(octet &- 0x30)
      offset &+= 1
    }
    guard port <= 65535 else { throw WireError(.hostInvalid) }
  }
}
