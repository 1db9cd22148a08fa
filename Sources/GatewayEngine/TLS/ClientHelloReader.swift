import NIOCore

/// Waits for a client's first message (RFC 8446 section 4.1.2) and finds the server name in it (RFC 6066 section 3), so
/// that the certificate can be chosen before the TLS library is given anything.
///
/// It refuses nothing: whatever it cannot make sense of goes to the library without a name, which answers as it must.
struct ClientHelloReader {
  enum Progress {
    case more
    /// All bytes so far belong to the library.
    case done(serverName: String?, held: ByteBuffer)
  }

  /// More than the library takes for this message, in records of a sensible size.
  private static let mostHeld = 32 << 10
  private static let largestMessage = 16 << 10

  private var held = ByteBuffer()
  /// How much of ``held`` are records whose content is in ``message``.
  private var scanned = 0
  private var message = ByteBuffer()

  mutating func feed(_ bytes: ByteBuffer) -> Progress {
    held.writeImmutableBuffer(bytes)
    while let record = nextRecord() {
      guard case .content(var content) = record else { return .done(serverName: nil, held: held) }
      message.writeBuffer(&content)
      guard let length = messageLength() else { continue }
      guard length > 0 else { return .done(serverName: nil, held: held) }
      if message.readableBytes >= length {
        message.moveReaderIndex(forwardBy: 4)
        return .done(serverName: Self.serverName(in: message), held: held)
      }
    }
    return held.readableBytes > Self.mostHeld ? .done(serverName: nil, held: held) : .more
  }

  private enum Record {
    case content(ByteBuffer)
    case unexpected
  }

  /// The next whole record; nil when it is still on its way.
  private mutating func nextRecord() -> Record? {
    let start = held.readerIndex + scanned
    guard let type = held.getInteger(at: start, as: UInt8.self) else { return nil }
    guard type == 22 else { return .unexpected }
    guard let length = held.getInteger(at: start + 3, as: UInt16.self) else { return nil }
    guard length > 0, length <= Self.largestMessage else { return .unexpected }
    guard let content = held.getSlice(at: start + 5, length: Int(length)) else { return nil }
    scanned += 5 + Int(length)
    return .content(content)
  }

  /// Of the message with its own head; nil when that is not there yet, 0 when it is not the message expected.
  private func messageLength() -> Int? {
    guard let head = message.getInteger(at: message.readerIndex, as: UInt32.self) else { return nil }
    let length = Int(head & 0xFF_FFFF)
    return head >> 24 == 1 && length <= Self.largestMessage ? length + 4 : 0
  }

  private static func serverName(in message: ByteBuffer) -> String? {
    var message = message
    // The version and the random bytes, then session, cipher suites, compression methods.
    guard message.readSlice(length: 34) != nil,
      message.readLengthPrefixedSlice(as: UInt8.self) != nil,
      message.readLengthPrefixedSlice(as: UInt16.self) != nil,
      message.readLengthPrefixedSlice(as: UInt8.self) != nil,
      var extensions = message.readLengthPrefixedSlice(as: UInt16.self)
    else { return nil }
    while let type = extensions.readInteger(as: UInt16.self),
      var content = extensions.readLengthPrefixedSlice(as: UInt16.self)
    {
      if type == 0 { return name(in: &content) }
    }
    return nil
  }

  private static func name(in content: inout ByteBuffer) -> String? {
    guard var list = content.readLengthPrefixedSlice(as: UInt16.self),
      list.readInteger(as: UInt8.self) == 0,
      let name = list.readLengthPrefixedSlice(as: UInt16.self)
    else { return nil }
    return DNSName.normalize(name.readableBytesView)
  }
}
