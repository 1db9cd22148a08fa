extension RequestHeadParser {
  /// method SP request-target SP HTTP-version (RFC 9112 section 3)
  mutating func parseRequestLine(_ bytes: RawSpan, _ line: Range<Int>, into head: inout RequestHead) throws(WireError) {
    let known = Method.known(in: bytes, before: line.upperBound)
    let methodEnd = if let known { known.name.utf8CodeUnitCount } else { try Self.endOfMethod(bytes, line) }
    let versionStart = line.upperBound - 8
    guard versionStart > methodEnd + 1, bytes[at: versionStart - 1] == 0x20,
      let minorVersion = try HTTPVersion.minor(of: bytes, at: versionStart)
    else { throw WireError(.requestLineInvalid) }
    head.method = known ?? .other
    if known == nil { try Self.checkMethod(bytes.extracting(0..<methodEnd)) }
    head.methodRange = ByteRange(0..<methodEnd)
    head.minorVersion = minorVersion
    try parseTarget(bytes, (methodEnd + 1)..<(versionStart - 1), into: &head)
  }

  private static func checkMethod(_ method: RawSpan) throws(WireError) {
    guard !method.equalsFoldingCase("CONNECT"), !method.equalsFoldingCase("TRACE") else {
      throw WireError(.methodUnsupported)
    }
  }

  private static func endOfMethod(_ bytes: RawSpan, _ line: Range<Int>) throws(WireError) -> Int {
    var offset = 0
    while offset < line.upperBound {
      let octet = bytes[at: offset]
      if octet == 0x20 { break }
      guard OctetSet.token.contains(octet) else { throw WireError(.requestLineInvalid) }
      offset += 1
    }
    guard offset > 0, offset < line.upperBound else { throw WireError(.requestLineInvalid) }
    guard offset <= 32 else { throw WireError(.methodTooLong) }
    return offset
  }

  private mutating func parseTarget(_ bytes: RawSpan, _ target: Range<Int>, into head: inout RequestHead)
    throws(WireError)
  {
    switch bytes[at: target.lowerBound] {
    case 0x2F: try parsePathAndQuery(bytes, target, into: &head)
    case 0x2A:
      guard target.count == 1, head.method == .options else { throw WireError(.targetInvalid) }
      head.form = .asterisk
      head.rawPath = ByteRange(target)
    default: try parseAbsolute(bytes, target, into: &head)
    }
  }

  /// http://authority/path?query or https://…; the authority is checked here, against Host at the end of the head.
  private mutating func parseAbsolute(
    _ bytes: RawSpan, _ target: Range<Int>, into head: inout RequestHead
  ) throws(WireError) {
    facts.isAbsolute = true
    let start = target.lowerBound
    let schemeLength = Self.schemeLength(bytes, target)
    guard schemeLength > 0 else { throw WireError(.targetInvalid) }
    let authorityStart = start + schemeLength
    var end = authorityStart
    while end < target.upperBound, bytes[at: end] != 0x2F, bytes[at: end] != 0x3F { end += 1 }
    head.form = .absolute
    try setAuthority(bytes, authorityStart..<end, of: &head)
    if end < target.upperBound, bytes[at: end] == 0x2F {
      try parsePathAndQuery(bytes, end..<target.upperBound, into: &head)
      return
    }
    // An empty path means the root, and with OPTIONS the server as a whole (RFC 9112 section 3.2.4).
    let isServer = head.method == .options && end == target.upperBound
    if isServer { head.form = .asterisk }
    head.rewrittenPath.append(isServer ? 0x2A : 0x2F)
    head.pathWasRewritten = true
    try parseQuery(bytes, end..<target.upperBound, into: &head)
  }

  private static func schemeLength(_ bytes: RawSpan, _ target: Range<Int>) -> Int {
    if target.count > 7, bytes.extracting(target.lowerBound..<(target.lowerBound + 7)).equalsFoldingCase("http://") {
      return 7
    }
    if target.count > 8, bytes.extracting(target.lowerBound..<(target.lowerBound + 8)).equalsFoldingCase("https://") {
      return 8
    }
    return 0
  }

  private func parsePathAndQuery(
    _ bytes: RawSpan, _ range: Range<Int>, into head: inout RequestHead
  ) throws(WireError) {
    let end = bytes.firstIndex(of: 0x3F, in: range) ?? range.upperBound
    let path = range.lowerBound..<end
    head.rawPath = ByteRange(path)
    head.pathWasRewritten = try PathNormalizer.normalize(
      bytes.extracting(path), mergeSlashes: mergeSlashes, into: &head.rewrittenPath)
    try parseQuery(bytes, end..<range.upperBound, into: &head)
  }

  /// The range begins at the question mark, or is empty.
  private func parseQuery(_ bytes: RawSpan, _ range: Range<Int>, into head: inout RequestHead) throws(WireError) {
    guard !range.isEmpty else { return }
    let query = (range.lowerBound + 1)..<range.upperBound
    guard bytes.isQuery(query) else { throw WireError(.queryInvalid) }
    head.query = ByteRange(query)
    head.hasQuery = true
  }
}

/// HTTP-version (RFC 9112 section 2.3), which is the same in requests and responses.
enum HTTPVersion {
  /// The minor version of `HTTP/1.x`; nil when the eight bytes are no version at all.
  @inline(__always)
  static func minor(of bytes: RawSpan, at start: Int) throws(WireError) -> UInt8? {
    let version = bytes.word(at: start)
    if version == 0x312E_312F_5054_5448 { return 1 }  // "HTTP/1.1", first byte lowest
    if version == 0x302E_312F_5054_5448 { return 0 }
    let isVersion =
      bytes.extracting(start..<(start + 5)).equals("HTTP/") && bytes[at: start + 5].isDigit
      && bytes[at: start + 6] == 0x2E && bytes[at: start + 7].isDigit
    guard isVersion else { return nil }
    throw WireError(.versionUnsupported)
  }
}
