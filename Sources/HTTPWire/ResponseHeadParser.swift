public import NIOCore

/// Reads the heads of the responses of one upstream connection (RFC 9112 section 4), with the same strictness about
/// framing as for requests.
public struct ResponseHeadParser: Sendable {
  let limits: WireLimits
  private var scanner = HeadScanner()
  private var facts = HeadFacts()
  private var hasStartLine = false
  private var sawBytes = false

  /// A parser at the beginning of a connection.
  public init(limits: WireLimits = WireLimits()) { self.limits = limits }

  /// Whether some byte of a response has been seen whose head is not complete.
  public var isStarted: Bool { sawBytes }

  /// Bytes looked at for line ends since the parser was made.
  package var scannedBytes: Int { scanner.scannedBytes }

  /// Forgets a head that is incomplete.
  public mutating func reset() {
    scanner.reset()
    facts = HeadFacts()
    hasStartLine = false
    sawBytes = false
  }

  /// Takes a head from the buffer when it is complete; interim responses (1xx) are heads like others.
  ///
  /// Call it with the same buffer, to which bytes were added, and with the same head until it returns true.
  /// - Parameters:
  ///   - buffer: what was received. A complete head is taken out of it; otherwise it stays.
  ///   - head: filled when the result is true; its content means nothing before that.
  ///   - requestMethod: the method of the request that is answered; it decides on the framing.
  /// - Returns: true when the head is complete, false when more bytes are needed.
  public mutating func parse(
    _ buffer: inout ByteBuffer, into head: inout ResponseHead, requestMethod: Method
  ) throws(WireError) -> Bool {
    do {
      sawBytes = buffer.readableBytes > 0
      guard sawBytes else { return false }
      guard try parseLines(buffer.readableBytesSpan, into: &head, requestMethod) else { return false }
      guard let bytes = buffer.readSlice(length: scanner.lineStart) else { return false }
      head.block.bytes = bytes
      if head.status == 101 { noteSwitch(&head) }
      reset()
      return true
    } catch {
      head.reset()
      throw error
    }
  }

  private mutating func parseLines(
    _ bytes: RawSpan, into head: inout ResponseHead, _ method: Method
  ) throws(WireError) -> Bool {
    if !hasStartLine {
      guard bytes[at: 0] == 0x48 else { throw WireError(.statusLineInvalid) }
      guard let line = try scanner.nextLine(of: bytes, limit: limits.maxStartLine, excess: .statusLineTooLong) else {
        return false
      }
      head.begin()
      try Self.parseStatusLine(bytes, line, into: &head)
      hasStartLine = true
    }
    while true {
      let known = head.block.fields.count
      scanner.takePlainLines(of: bytes, limits: limits, into: &head.block.fields)
      for index in known..<head.block.fields.count { try take(head.block.fields[index], bytes, nil, into: &head) }
      if scanner.takeEmptyLine(of: bytes, limit: limits.maxHeadBytes) { break }
      guard let line = try scanner.nextLine(of: bytes, limit: limits.maxHeadBytes, excess: .headTooLarge) else {
        return false
      }
      if line.isEmpty { break }
      guard head.block.fields.count < limits.maxFields else { throw WireError(.tooManyFields) }
      let field = try FieldLine.parse(bytes, line)
      head.block.fields.append(field)
      try take(field, bytes, line, into: &head)
    }
    try finish(&head, method)
    return true
  }

  /// HTTP-version SP status-code [ SP reason-phrase ]; the blank before an empty phrase is missing in practice.
  private static func parseStatusLine(
    _ bytes: RawSpan, _ line: Range<Int>, into head: inout ResponseHead
  ) throws(WireError) {
    guard line.count >= 12, let minorVersion = try HTTPVersion.minor(of: bytes, at: 0), bytes[at: 8] == 0x20 else {
      throw WireError(.statusLineInvalid)
    }
    var status: UInt16 = 0
    for offset in 9..<12 {
      guard bytes[at: offset].isDigit else { throw WireError(.statusLineInvalid) }
      status = status * 10 + UInt16(bytes[at: offset] - 0x30)
    }
    guard status >= 100, status < 600 else { throw WireError(.statusLineInvalid) }
    if line.count > 12 {
      let reason = 13..<line.upperBound
      guard bytes[at: 12] == 0x20, bytes.isFieldValue(reason) else { throw WireError(.statusLineInvalid) }
      head.reason = ByteRange(reason)
    }
    head.status = status
    head.minorVersion = minorVersion
  }

  /// Judges a field that was added to the head. Its line is given where there may be tabs in it.
  @inline(__always)
  private mutating func take(
    _ field: Field, _ bytes: RawSpan, _ line: Range<Int>?, into head: inout ResponseHead
  ) throws(WireError) {
    switch field.id {
    case .contentLength, .transferEncoding, .connection: try facts.note(field, bytes, line)
    default: break
    }
    head.block.present.insert(field.id)
  }

  /// Values are read from the block, so it needs its bytes by now.
  private func noteSwitch(_ head: inout ResponseHead) {
    head.switchesToWebSocket =
      head.minorVersion == 1 && !facts.isChunked && facts.contentLength == nil && head.block.asksForWebSocket(facts)
  }

  /// RFC 9112 section 6.3
  private func finish(_ head: inout ResponseHead, _ method: Method) throws(WireError) {
    try facts.checkFraming(minorVersion: head.minorVersion)
    let isBare = head.status < 200 || head.status == 204
    // Such a response has no content whatever its fields say. An origin that frames some sends it too, and what it
    // sends would be taken for the next response.
    guard !isBare || !(facts.isChunked || (facts.contentLength ?? 0) > 0) else { throw WireError(.contentForbidden) }
    if method == .head || isBare || head.status == 304 {
      head.framing = .none
    } else if facts.isChunked {
      head.framing = .chunked
    } else if let length = facts.contentLength {
      head.framing = .length(length)
    } else {
      head.framing = .untilClose
    }
    head.keepAlive = head.framing != .untilClose && facts.keepsAlive(minorVersion: head.minorVersion)
  }
}
