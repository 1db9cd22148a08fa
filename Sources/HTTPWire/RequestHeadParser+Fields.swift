extension RequestHeadParser {
  /// Fields that may be sent once, as what they say is judged.
  private static var single: FieldIDSet { [.losantdomain, .authorization] }
  /// Fields that the parser itself reads.
  private static var read: FieldIDSet { [.host, .contentLength, .transferEncoding, .connection, .expect] }

  /// Judges a field that was added to the head. Its line is given where there may be tabs in it.
  @inline(__always)
  mutating func take(
    _ index: Int, _ bytes: RawSpan, _ line: Range<Int>?, into head: inout RequestHead
  ) throws(WireError) {
    let field = head.block.fields[index]
    if field.id == .other {
      switch LookAlikes.kind(of: bytes.extracting(field.nameOffsets)) {
      case .none: break
      case .judged: throw WireError(.fieldNameLookAlike)
      case .forwarding: if !believesProxies { head.block.remove(at: index) }
      }
    } else if Self.single.union(Self.read).contains(field.id) {
      try note(field, bytes, line, &head)
    }
    head.block.present.insert(field.id)
  }

  private mutating func note(
    _ field: Field, _ bytes: RawSpan, _ line: Range<Int>?, _ head: inout RequestHead
  ) throws(WireError) {
    let isRepeated = head.block.present.contains(field.id)
    switch field.id {
    case .host:
      guard !isRepeated else { throw WireError(.hostRepeated) }
      if !facts.isAbsolute { try setAuthority(bytes, field.valueOffsets, of: &head) }
    case .expect:
      guard bytes.extracting(field.valueOffsets).equalsIgnoringCase("100-continue") else {
        throw WireError(.expectationUnsupported)
      }
      facts.expectsContinue = true
    case .losantdomain, .authorization:
      guard !isRepeated else { throw WireError(.fieldRepeated) }
    default: try facts.note(field, bytes, line)
    }
  }

  func setAuthority(_ bytes: RawSpan, _ range: Range<Int>, of head: inout RequestHead) throws(WireError) {
    head.hostLength = try HostSyntax.hostLength(bytes, range)
    head.authority = ByteRange(range)
  }

  /// What can be said only when the last field is known (RFC 9112 sections 3.2, 6.3 and 9.3).
  func finish(_ bytes: RawSpan, _ head: inout RequestHead) throws(WireError) {
    try checkHost(bytes, head)
    try facts.checkFraming(minorVersion: head.minorVersion)
    if facts.isChunked {
      head.framing = .chunked
    } else if let length = facts.contentLength {
      head.framing = .length(length)
    }
    head.keepAlive = facts.keepsAlive(minorVersion: head.minorVersion)
    let hasContent = head.framing != .none && head.framing != .length(0)
    head.expectsContinue = facts.expectsContinue && hasContent && head.minorVersion >= 1
  }

  /// Values are read from the block, so it needs its bytes by now.
  func noteUpgrade(_ head: inout RequestHead) {
    head.upgradesToWebSocket =
      head.method == .get && head.minorVersion == 1 && head.framing == .none && head.form != .asterisk
      && head.block.asksForWebSocket(facts) && head.block.hasWebSocketKey
  }

  private func checkHost(_ bytes: RawSpan, _ head: RequestHead) throws(WireError) {
    guard head.block.present.contains(.host) else {
      guard head.minorVersion == 0 else { throw WireError(.hostMissing) }
      return
    }
    guard facts.isAbsolute, let index = head.block.first(.host) else { return }
    let host = head.block.fields[index].valueOffsets
    guard bytes.extracting(head.authority.offsets).equalsIgnoringCase(bytes.extracting(host)) else {
      throw WireError(.hostDisagrees)
    }
  }
}

extension Field {
  var nameOffsets: Range<Int> { Int(nameStart)..<(Int(nameStart) &+ Int(nameLength)) }
  var valueOffsets: Range<Int> { Int(valueStart)..<(Int(valueStart) &+ Int(valueLength)) }
}
