public import NIOCore

/// Reads the heads of the requests of one connection (RFC 9112 sections 2 and 3).
///
/// It goes line by line and remembers how far it got, so a head that comes one byte at a time is not scanned again and
/// again. After a head it is ready for the next one; after an error the connection is of no use any more.
public struct RequestHeadParser: Sendable {
  let limits: WireLimits
  let mergeSlashes: Bool
  let believesProxies: Bool
  var scanner = HeadScanner()
  var facts = HeadFacts()
  private var emptyLines = 0
  private var hasStartLine = false
  private var sawBytes = false

  /// A parser at the beginning of a connection.
  /// - Parameters:
  ///   - limits: bounds of a head.
  ///   - mergeSlashes: whether several slashes in a row count as one in a path.
  ///   - believesProxies: whether fields stay in which proxies tell who asks, such as `X-Real-IP` and `X-Forwarded-Prefix`;
  ///     otherwise they are marked removed. It makes no difference for those that have an identifier.
  public init(limits: WireLimits = WireLimits(), mergeSlashes: Bool = true, believesProxies: Bool = false) {
    self.believesProxies = believesProxies
    self.limits = limits
    self.mergeSlashes = mergeSlashes
  }

  /// Whether some byte of a request has been seen whose head is not complete.
  public var isStarted: Bool { sawBytes }

  /// Bytes looked at for line ends since the parser was made.
  package var scannedBytes: Int { scanner.scannedBytes }

  /// Forgets a head that is incomplete.
  public mutating func reset() {
    scanner.reset()
    facts = HeadFacts()
    emptyLines = 0
    hasStartLine = false
    sawBytes = false
  }

  /// Takes a head from the buffer when it is complete.
  ///
  /// Call it with the same buffer, to which bytes were added, and with the same head until it returns true. The buffer
  /// may be compacted in between.
  /// - Parameters:
  ///   - buffer: what was received. A complete head is taken out of it, and so are empty lines before it; otherwise it
  ///     stays.
  ///   - head: filled when the result is true; its content means nothing before that.
  /// - Returns: true when the head is complete, false when more bytes are needed.
  public mutating func parse(_ buffer: inout ByteBuffer, into head: inout RequestHead) throws(WireError) -> Bool {
    do {
      try skipEmptyLines(&buffer)
      sawBytes = buffer.readableBytes > 0
      guard sawBytes else { return false }
      guard try parseLines(buffer.readableBytesSpan, into: &head) else { return false }
      guard let bytes = buffer.readSlice(length: scanner.lineStart) else { return false }
      head.block.bytes = bytes
      if head.block.present.contains(.upgrade) { noteUpgrade(&head) }
      reset()
      return true
    } catch {
      head.reset()
      throw error
    }
  }

  /// A server should bear with an empty line before a request (RFC 9112 section 2.2); we bear with four.
  private mutating func skipEmptyLines(_ buffer: inout ByteBuffer) throws(WireError) {
    guard !hasStartLine, scanner.scanned == 0, Self.beginsWithControl(buffer.readableBytesSpan) else { return }
    while let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first == 0x0D || first == 0x0A {
      guard first == 0x0D else { throw WireError(.lineEndInvalid) }
      guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return }
      guard second == 0x0A else { throw WireError(.lineEndInvalid) }
      emptyLines += 1
      guard emptyLines <= 4 else { throw WireError(.requestLineInvalid) }
      buffer.moveReaderIndex(forwardBy: 2)
    }
  }

  private static func beginsWithControl(_ bytes: RawSpan) -> Bool { bytes.byteCount > 0 && bytes[at: 0] < 0x20 }

  private mutating func parseLines(_ bytes: RawSpan, into head: inout RequestHead) throws(WireError) -> Bool {
    if !hasStartLine {
      guard bytes[at: 0] != 0x0D else { return false }
      guard OctetSet.token.contains(bytes[at: 0]) else { throw WireError(.requestLineInvalid) }
      guard let line = try scanner.nextLine(of: bytes, limit: limits.maxStartLine, excess: .startLineTooLong) else {
        return false
      }
      head.begin()
      try parseRequestLine(bytes, line, into: &head)
      hasStartLine = true
    }
    while true {
      let known = head.block.fields.count
      scanner.takePlainLines(of: bytes, limits: limits, into: &head.block.fields)
      for index in known..<head.block.fields.count { try take(index, bytes, nil, into: &head) }
      if scanner.takeEmptyLine(of: bytes, limit: limits.maxHeadBytes) { break }
      guard let line = try scanner.nextLine(of: bytes, limit: limits.maxHeadBytes, excess: .headTooLarge) else {
        return false
      }
      if line.isEmpty { break }
      guard head.block.fields.count < limits.maxFields else { throw WireError(.tooManyFields) }
      head.block.fields.append(try FieldLine.parse(bytes, line))
      try take(head.block.fields.count - 1, bytes, line, into: &head)
    }
    try finish(bytes, &head)
    return true
  }
}
