import HTTPWire
import NIOCore
import Testing

@Suite("Trailers")
struct TrailerTests {
  /// Reads chunked content with these trailer lines, in one piece or byte by byte, and gives what is kept.
  private func kept(_ lines: [String], byByte: Bool) throws -> FieldBlock? {
    let bytes = octets("3\r\nabc\r\n0\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\nGET")
    var reader = BodyReader(.chunked, limits: WireLimits())
    var buffer = ByteBuffer()
    for piece in byByte ? bytes.map({ [$0] }) : [bytes] {
      buffer.writeBytes(piece)
      if reader.isComplete { continue }
      #expect(reader.trailers == nil)
      loop: while true {
        switch try reader.next(&buffer) {
        case .bytes: continue
        case .needMore, .end: break loop
        }
      }
    }
    #expect(reader.isComplete && String(buffer: buffer) == "GET")
    return reader.trailers
  }

  @Test("Fields that may come late are kept", arguments: [false, true])
  func kept(byByte: Bool) throws {
    let block = try #require(
      try kept(
        ["Server-Timing:  db;dur=1 \t", "Content-Length: 5", "x-checksum:abc", "Content-Digest: d", "Host: b", "X-E:"],
        byByte: byByte))
    #expect(block.texts == ["Server-Timing: db;dur=1", "x-checksum: abc", "Content-Digest: d", "X-E: "])
    #expect(block.firstIndex(named: "X-CHECKSUM") == 1 && block.first(.host) == nil)
  }

  @Test(
    "Fields that must not come late are dropped",
    arguments: FieldID.allCases.filter { $0 != .other }.map { "\($0.name)" } + [
      "Content_Length", "host-", "losant_domain", "TransferEncoding", "HTTP2-Settings", "Content-Language",
      "CONTENT-location", "Proxy-Authentication-Info", "Authentication-Info", "Accept-Language", "If-Something",
      "Sec-WebSocket-Accept", "X-Forwarded-User", "X-Real-IP", "Access-Control-Allow-Origin", "X-Access-Token",
    ])
  func dropped(name: String) throws {
    #expect(try kept(["\(name): x"], byByte: false) == nil)
    let among = try kept(["X-One: 1", "\(name.lowercased()): x", "X-Two: 2"], byByte: true)
    #expect(among?.texts == ["X-One: 1", "X-Two: 2"])
  }

  @Test("There are none without a trailer section, and none of other framings")
  func none() throws {
    #expect(try kept([], byByte: false) == nil)
    for framing in [Framing.none, .length(1), .untilClose] {
      #expect(BodyReader(framing, limits: WireLimits()).trailers == nil)
    }
  }

  @Test("What the head says, or the gateway has added, or Connection names, is not said again")
  func against() throws {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer(
      string:
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-User: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(try parser.parse(&buffer, into: &head))
    try head.block.removeConnectionFields()
    var block = try #require(
      try kept(["x-user: admin", "x-hop: 1", "X-Tenant: b", "X-Late: 1", "X-Late: 2"], byByte: false))
    block.checkTrailers(against: head.block, added: ByteBuffer(string: "Via: 1.1 g\r\nX-Tenant: a\r\n"))
    #expect(block.texts == ["X-Late: 1", "X-Late: 2"])
    var out = ByteBuffer()
    HeadWriting.writeLastChunk(trailers: block, into: &out)
    #expect(String(buffer: out) == "0\r\nX-Late: 1\r\nX-Late: 2\r\n\r\n")
  }

  @Test("The end of chunked content, with trailers and without")
  func written() throws {
    func text(_ block: FieldBlock?) -> String {
      var out = ByteBuffer(string: ">")
      HeadWriting.writeLastChunk(trailers: block, into: &out)
      return String(buffer: out)
    }
    #expect(text(nil) == ">0\r\n\r\n")
    #expect(text(FieldBlock()) == ">0\r\n\r\n")
    #expect(text(try kept(["X-A:  1 ", "X-B:2"], byByte: true)) == ">0\r\nX-A: 1\r\nX-B: 2\r\n\r\n")
  }

  @Test("Every code is thrown again, so that nothing is read behind a fault")
  func broken() {
    var reader = BodyReader(.chunked, limits: WireLimits())
    var buffer = ByteBuffer(string: "x\r\n0\r\n\r\n")
    for _ in 0..<3 { #expect(throws: WireError(.chunkSizeInvalid)) { try reader.next(&buffer) } }
    #expect(throws: WireError(.chunkSizeInvalid)) { try reader.endOfInput() }
    #expect(!reader.isComplete && reader.trailers == nil)
  }
}
