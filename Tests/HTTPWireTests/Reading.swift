import HTTPWire
import NIOCore

/// What a reader made of a connection's bytes, in a form that can be compared.
struct Reading: Equatable, CustomStringConvertible {
  struct Message: Equatable {
    var start: String
    /// The target as it was sent, put together again from where the parser found its parts.
    var target = ""
    var path = ""
    var query: String?
    var fields: [String]
    var framing: Framing
    var keepAlive = true
    var body: [UInt8] = []
    var isComplete = false
  }

  var messages: [Message] = []
  var error: WireError.Code?

  var description: String {
    let texts = messages.map {
      "\($0.start) \($0.fields) \($0.framing) \($0.body.count) bytes, whole: \($0.isComplete)"
    }
    return "\(texts) error: \(error.map { "\($0)" } ?? "none")"
  }
}

/// Text in Latin-1, so that one character is one byte.
func latin1(_ bytes: UnsafeRawBufferPointer) -> String {
  String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}

/// One byte per character.
func octets(_ text: String) -> [UInt8] {
  text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}

extension FieldBlock {
  /// Every field that is not removed, as "name: value".
  var texts: [String] {
    fields.indices.filter { !fields[$0].isRemoved }.map { "\(withName($0, latin1)): \(withValue($0, latin1))" }
  }
}

/// Reads requests piece by piece, as a connection would.
struct RequestStream {
  private var parser: RequestHeadParser
  private var head = RequestHead()
  private var body: BodyReader?
  private let limits: WireLimits
  private var buffer = ByteBuffer()
  private(set) var reading = Reading()

  init(limits: WireLimits = WireLimits(), mergeSlashes: Bool = true) {
    self.limits = limits
    parser = RequestHeadParser(limits: limits, mergeSlashes: mergeSlashes)
  }

  mutating func feed(_ bytes: some Collection<UInt8>) {
    guard reading.error == nil else { return }
    buffer.discardReadBytes()
    buffer.writeBytes(bytes)
    do throws(WireError) { while try step() {} } catch { reading.error = error.code }
  }

  private mutating func step() throws(WireError) -> Bool {
    if body == nil {
      guard try parser.parse(&buffer, into: &head) else { return false }
      reading.messages.append(Self.message(head))
      body = BodyReader(head.framing, limits: limits)
    }
    let last = reading.messages.count - 1
    switch try body?.next(&buffer) {
    case .bytes(let piece):
      reading.messages[last].body.append(contentsOf: piece.readableBytesView)
      return true
    case .end:
      reading.messages[last].isComplete = true
      body = nil
      return buffer.readableBytes > 0
    case .needMore, nil: return false
    }
  }

  private static func message(_ head: RequestHead) -> Reading.Message {
    Reading.Message(
      start: "\(head.withMethodName(latin1)) \(head.form) 1.\(head.minorVersion) \(head.withAuthority(latin1))",
      target: head.block.withBytes(head.rawPath, latin1) + (head.withQuery { "?" + latin1($0) } ?? ""),
      path: head.withPath(latin1), query: head.withQuery(latin1), fields: head.block.texts, framing: head.framing,
      keepAlive: head.keepAlive)
  }

  static func read(_ bytes: [UInt8], limits: WireLimits = WireLimits(), pieces: [Int] = []) -> Reading {
    var stream = RequestStream(limits: limits)
    for piece in cut(bytes, at: pieces) { stream.feed(piece) }
    return stream.reading
  }
}

/// Reads responses to one request method piece by piece.
struct ResponseStream {
  private var parser: ResponseHeadParser
  private var head = ResponseHead()
  private var body: BodyReader?
  private let limits: WireLimits
  private let method: HTTPWire.Method
  private var buffer = ByteBuffer()
  private(set) var reading = Reading()

  init(method: HTTPWire.Method = .get, limits: WireLimits = WireLimits()) {
    self.limits = limits
    self.method = method
    parser = ResponseHeadParser(limits: limits)
  }

  mutating func feed(_ bytes: some Collection<UInt8>) {
    guard reading.error == nil else { return }
    buffer.discardReadBytes()
    buffer.writeBytes(bytes)
    do throws(WireError) { while try step() {} } catch { reading.error = error.code }
  }

  mutating func finish() {
    guard reading.error == nil, body != nil else { return }
    do throws(WireError) {
      try body?.endOfInput()
      reading.messages[reading.messages.count - 1].isComplete = true
    } catch { reading.error = error.code }
  }

  private mutating func step() throws(WireError) -> Bool {
    if body == nil {
      guard try parser.parse(&buffer, into: &head, requestMethod: method) else { return false }
      reading.messages.append(
        Reading.Message(
          start: "1.\(head.minorVersion) \(head.status) \(head.withReasonPhrase(latin1))", fields: head.block.texts,
          framing: head.framing, keepAlive: head.keepAlive))
      body = BodyReader(head.framing, limits: limits)
    }
    let last = reading.messages.count - 1
    switch try body?.next(&buffer) {
    case .bytes(let piece):
      reading.messages[last].body.append(contentsOf: piece.readableBytesView)
      return true
    case .end:
      reading.messages[last].isComplete = true
      body = nil
      return buffer.readableBytes > 0
    case .needMore, nil: return false
    }
  }

  static func read(
    _ bytes: [UInt8], method: HTTPWire.Method = .get, limits: WireLimits = WireLimits(), pieces: [Int] = []
  ) -> Reading {
    var stream = ResponseStream(method: method, limits: limits)
    for piece in cut(bytes, at: pieces) { stream.feed(piece) }
    stream.finish()
    return stream.reading
  }
}

/// The bytes in pieces that begin at the given offsets.
func cut(_ bytes: [UInt8], at offsets: [Int]) -> [ArraySlice<UInt8>] {
  let ends = offsets.filter { $0 > 0 && $0 < bytes.count }.sorted() + [bytes.count]
  var start = 0
  return ends.map { end in
    defer { start = end }
    return bytes[start..<end]
  }
}

/// Every cut into two, and single bytes. Long inputs are cut at some 300 places and at both ends byte by byte, as
/// nothing happens in the middle of a long line.
func everyCut(_ count: Int) -> [[Int]] {
  let last = max(count, 2)
  let places = Set(1..<min(last, 300)).union(max(1, last - 100)..<last).union(
    stride(from: 1, to: last, by: last / 100 + 1))
  return places.sorted().map { [$0] } + [Array(1..<last)]
}
