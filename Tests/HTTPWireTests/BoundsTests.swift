import HTTPWire
import NIOCore
import Testing

@Suite("Bounds and small parts")
struct BoundsTests {
  @Test("A head that comes byte by byte is scanned once")
  func linear() throws {
    let lines = (0..<60).map { "x-\($0): " + String(repeating: "v", count: 500) + "\r\n" }.joined()
    let bytes = octets("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer()
    var isDone = false
    for byte in bytes {
      buffer.writeInteger(byte)
      isDone = try parser.parse(&buffer, into: &head)
    }
    #expect(isDone)
    #expect(parser.scannedBytes == bytes.count)
  }

  @Test("So is a response")
  func linearResponse() throws {
    let bytes = octets("HTTP/1.1 200 OK\r\nx: " + String(repeating: "v", count: 30_000) + "\r\n\r\n")
    var parser = ResponseHeadParser()
    var head = ResponseHead()
    var buffer = ByteBuffer()
    for byte in bytes {
      buffer.writeInteger(byte)
      _ = try parser.parse(&buffer, into: &head, requestMethod: .get)
    }
    #expect(parser.scannedBytes == bytes.count)
    #expect(head.status == 200)
  }

  @Test("Content pieces are slices, and an end is said once and for all")
  func body() throws {
    var buffer = ByteBuffer(string: "hello, more")
    var reader = BodyReader(.length(5), limits: WireLimits())
    #expect(reader.remaining == 5 && !reader.isComplete)
    #expect(try reader.next(&buffer) == .bytes(ByteBuffer(string: "hello")))
    #expect(reader.remaining == 0 && reader.isComplete)
    #expect(try reader.next(&buffer) == .end)
    #expect(try reader.next(&buffer) == .end)
    #expect(String(buffer: buffer) == ", more")
    for framing in [Framing.none, .length(0)] {
      var reader = BodyReader(framing, limits: WireLimits())
      #expect(try reader.next(&buffer) == .end)
      try reader.endOfInput()
    }
  }

  @Test("The end of input is an end only where the connection ends the content")
  func endOfInput() throws {
    var buffer = ByteBuffer(string: "x")
    var untilClose = BodyReader(.untilClose, limits: WireLimits())
    #expect(try untilClose.next(&buffer) == .bytes(ByteBuffer(string: "x")))
    #expect(try untilClose.next(&buffer) == .needMore)
    try untilClose.endOfInput()
    #expect(try untilClose.next(&buffer) == .end)
    for framing in [Framing.length(1), .chunked] {
      var reader = BodyReader(framing, limits: WireLimits())
      #expect(throws: WireError(.bodyTruncated)) { try reader.endOfInput() }
    }
  }

  @Test("One-byte chunks are slow but allowed")
  func smallChunks() {
    let body = String(repeating: "1\r\nx\r\n", count: 20_000) + "0\r\n\r\n"
    let reading = RequestStream.read(octets("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body))
    #expect(reading.error == nil && reading.messages.first?.body.count == 20_000)
  }

  @Test("Random chunks in random pieces give the content", arguments: 300..<304)
  func chunks(seed: UInt64) {
    var random = SplitMix(seed: seed)
    for _ in 0..<200 {
      var content: [UInt8] = []
      var bytes = octets("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let piece = (0..<Int.random(in: 1...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        content += piece
        bytes += octets(String(piece.count, radix: 16) + "\r\n") + piece + octets("\r\n")
      }
      bytes += octets("0\r\n\r\n")
      let cuts = (0..<Int.random(in: 0...9, using: &random)).map { _ in Int.random(in: 0..<bytes.count, using: &random)
      }
      let reading = RequestStream.read(bytes, pieces: cuts)
      #expect(reading.messages.first?.body == content && reading.messages.first?.isComplete == true)
    }
  }

  @Test("Methods are safe and idempotent as RFC 9110 says")
  func methods() {
    #expect([HTTPWire.Method.get, .head, .options].filter { !$0.isSafe || !$0.isIdempotent }.isEmpty)
    #expect([HTTPWire.Method.put, .delete].filter { $0.isSafe || !$0.isIdempotent }.isEmpty)
    #expect([HTTPWire.Method.post, .patch, .other].filter { $0.isSafe || $0.isIdempotent }.isEmpty)
    #expect("\(HTTPWire.Method.delete.name)" == "DELETE")
  }

  @Test("The hash depends on every byte, the length and the seed, and folds letters only")
  func hash() {
    func hash(_ text: String, _ seed: UInt64 = 7) -> UInt64 {
      octets(text).withUnsafeBytes { ByteHash.hash($0, seed: seed) }
    }
    func folded(_ text: String) -> UInt64 { octets(text).withUnsafeBytes { ByteHash.hashLowercased($0, seed: 7) } }
    var seen: Set<UInt64> = []
    for length in 0..<40 {
      let text = [Character](repeating: "a", count: length)
      for index in 0..<length {
        var other = text
        other[index] = "b"
        seen.insert(hash(String(other)))
      }
      seen.insert(hash(String(text)))
    }
    #expect(seen.count == 40 * 39 / 2 + 40)
    #expect(hash("example.com", 1) != hash("example.com", 2))
    #expect(hash("Example") != hash("example"))
    #expect(folded("EXAMPLE.com:8443-Zz") == folded("example.COM:8443-zZ"))
    #expect(folded("example.com") == hash("example.com"))
    for (left, right) in [("@", "`"), ("[", "{"), ("\u{C1}", "\u{E1}"), ("Z12345@x", "z12345`x"), ("\u{1}", "!")] {
      #expect(folded(left) != folded(right))
    }
  }
}
