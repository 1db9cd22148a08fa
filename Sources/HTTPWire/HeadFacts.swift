/// What the fields of a head say about the message and its connection, gathered while they are read.
struct HeadFacts: Sendable {
  var contentLength: UInt64?
  var isChunked = false
  var saysClose = false
  var saysKeepAlive = false
  var saysUpgrade = false
  var expectsContinue = false
  /// Whether the authority was taken from the target.
  var isAbsolute = false

  /// Takes in a field that bears on framing or on the connection.
  mutating func note(_ field: Field, _ bytes: RawSpan, _ line: Range<Int>?) throws(WireError) {
    let value = bytes.extracting(field.valueOffsets)
    switch field.id {
    case .contentLength:
      guard contentLength == nil else { throw WireError(.contentLengthRepeated) }
      guard !FieldLine.hasTabs(bytes, around: field, in: line) else { throw WireError(.contentLengthInvalid) }
      contentLength = try Self.contentLength(value)
    case .transferEncoding:
      guard !isChunked else { throw WireError(.transferEncodingRepeated) }
      guard !FieldLine.hasTabs(bytes, around: field, in: line) else { throw WireError(.transferEncodingInvalid) }
      try Self.checkTransferEncoding(value)
      isChunked = true
    case .connection: noteConnection(value)
    default: break
    }
  }

  /// Whether the connection stays open after this message (RFC 9112 section 9.3).
  func keepsAlive(minorVersion: UInt8) -> Bool {
    !saysClose && (minorVersion >= 1 || saysKeepAlive)
  }

  /// What both kinds of message must obey: one framing, and no transfer coding in HTTP/1.0 (RFC 9112 section 6.1).
  func checkFraming(minorVersion: UInt8) throws(WireError) {
    guard isChunked else { return }
    guard contentLength == nil else { throw WireError(.contentLengthWithTransferEncoding) }
    guard minorVersion >= 1 else { throw WireError(.transferEncodingInHTTP10) }
  }

  private mutating func noteConnection(_ value: RawSpan) {
    ListElements.forEach(in: value) { option in
      if option.byteCount == 5, option.equalsIgnoringCase("close") { saysClose = true }
      if option.byteCount == 10, option.equalsIgnoringCase("keep-alive") { saysKeepAlive = true }
      if option.byteCount == 7, option.equalsIgnoringCase("upgrade") { saysUpgrade = true }
    }
  }

  /// Digits only, at most 19 of them, so that no sign, list, blank or overflow gets through.
  static func contentLength(_ value: RawSpan) throws(WireError) -> UInt64 {
    guard value.byteCount > 0, value.byteCount <= 19 else { throw WireError(.contentLengthInvalid) }
    var length: UInt64 = 0
    for offset in 0..<value.byteCount {
      let octet = value[at: offset]
      guard octet.isDigit else { throw WireError(.contentLengthInvalid) }
      length = length &* 10 &+ UInt64(octet &- 0x30)
    }
    guard length <= UInt64(Int64.max) else { throw WireError(.contentLengthInvalid) }
    return length
  }

  /// Exactly one `chunked`. A coding we do not know is told apart from a broken field, for the status.
  private static func checkTransferEncoding(_ value: RawSpan) throws(WireError) {
    if value.byteCount == 7, value.equalsIgnoringCase("chunked") { return }
    let isCoding = value.byteCount > 0 && value.isMade(of: .token, in: 0..<value.byteCount)
    throw WireError(isCoding ? .transferEncodingUnsupported : .transferEncodingInvalid)
  }
}

extension RawSpan {
  @inline(__always)
  func equalsIgnoringCase(_ text: StaticString) -> Bool { text.equalsIgnoringCase(self) }
}

/// The elements of a comma-separated field value (RFC 9110 section 5.6.1), empty ones left out.
enum ListElements {
  @inline(__always)
  static func forEach(in value: RawSpan, _ body: (RawSpan) -> Void) {
    var start = 0
    while start <= value.byteCount {
      let end = value.firstIndex(of: 0x2C, in: start..<value.byteCount) ?? value.byteCount
      let element = value.trimmed(start..<end)
      if !element.isEmpty { body(value.extracting(element)) }
      start = end &+ 1
    }
  }
}
