import HTTPWire
import NIOCore
import Testing

@Suite("Upgrade")
struct UpgradeTests {
  private func request(_ lines: [String], _ line: String = "GET /s HTTP/1.1") throws -> RequestHead {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer(string: "\(line)\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    #expect(try parser.parse(&buffer, into: &head))
    return head
  }

  private static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
  private static let version = "Sec-WebSocket-Version: 13"

  @Test(
    "A handshake",
    arguments: [
      ["Connection: Upgrade", "Upgrade: websocket"], ["Connection: keep-alive, upgrade", "upgrade: WebSocket"],
      ["Connection: keep-alive", "Connection: ,UPGRADE", "Upgrade: WEBSOCKET"],
    ])
  func handshake(_ lines: [String]) throws {
    var head = try request(lines + [Self.key, Self.version])
    #expect(head.upgradesToWebSocket)
    try head.block.removeConnectionFields()
    #expect(head.upgradesToWebSocket && head.block.first(.upgrade) == nil && head.block.first(.connection) == nil)
    var extra = ByteBuffer()
    HeadWriting.writeWebSocketUpgrade(into: &extra)
    var out = ByteBuffer()
    head.serialize(into: &out, extra: extra, host: nil)
    let again = try #require(try parsed(out))
    #expect(again.upgradesToWebSocket)
    #expect(again.block.texts.suffix(2) == ["Connection: Upgrade", "Upgrade: websocket"])
  }

  private func parsed(_ bytes: ByteBuffer) throws -> RequestHead? {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = bytes
    return try parser.parse(&buffer, into: &head) ? head : nil
  }

  @Test(
    "No handshake",
    arguments: [
      ["Upgrade: websocket", key, version], ["Connection: Upgrade", key, version],
      ["Connection: Upgrade", "Upgrade: h2c", key, version],
      ["Connection: Upgrade", "Upgrade: websocket, h2c", key, version],
      ["Connection: Upgrade", "Upgrade: websocket/13", key, version],
      ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: websocket", key, version],
      ["Connection: Upgrade", "Upgrade: websocket", version], ["Connection: Upgrade", "Upgrade: websocket", key],
      ["Connection: Upgrade", "Upgrade: websocket", key, key, version],
      ["Connection: Upgrade", "Upgrade: websocket", key, version, version],
      ["Connection: Upgrade", "Upgrade: websocket", key, "Sec-WebSocket-Version: 8"],
      ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key:", version],
      ["Connection: Upgrade", "Upgrade: websocket", key, version, "Content-Length: 0"],
      ["Connection: Upgrade", "Upgrade: websocket", key, version, "Content-Length: 3"],
      ["Connection: Upgrade", "Upgrade: websocket", key, version, "Transfer-Encoding: chunked"],
      ["Connection: Upgraded", "Upgrade: websocket", key, version], [],
    ])
  func noHandshake(_ lines: [String]) throws {
    #expect(try !request(lines).upgradesToWebSocket)
  }

  @Test("No handshake in another method, version or form", arguments: ["POST / HTTP/1.1", "GET / HTTP/1.0"])
  func startLine(_ line: String) throws {
    #expect(
      try !request(["Connection: Upgrade", "Upgrade: websocket", Self.key, Self.version], line).upgradesToWebSocket)
  }

  @Test("h2c and its settings end here", arguments: ["Upgrade", "Upgrade, HTTP2-Settings"])
  func h2c(connection: String) throws {
    var head = try request(["Connection: \(connection)", "Upgrade: h2c", "HTTP2-SETTINGS: AAMAAABk", "X-A: b"])
    try head.block.removeConnectionFields()
    #expect(head.block.texts == ["Host: a", "X-A: b"])
    head = try request(["http2-settings: AAMAAABk"])
    try head.block.removeConnectionFields()
    #expect(head.block.texts == ["Host: a"])
  }

  @Test(
    "A server's consent",
    arguments: [
      ("HTTP/1.1 101 X", ["Connection: upgrade", "Upgrade: WebSocket"], true),
      ("HTTP/1.1 101", ["Connection: x, Upgrade", "Upgrade: websocket"], true),
      ("HTTP/1.1 101 X", ["Connection: upgrade", "Upgrade: h2c"], false),
      ("HTTP/1.1 101 X", ["Upgrade: websocket"], false), ("HTTP/1.1 101 X", ["Connection: upgrade"], false),
      ("HTTP/1.1 101 X", [], false), ("HTTP/1.0 101 X", ["Connection: upgrade", "Upgrade: websocket"], false),
      ("HTTP/1.1 200 X", ["Connection: upgrade", "Upgrade: websocket"], false),
      ("HTTP/1.1 101 X", ["Connection: upgrade", "Upgrade: websocket", "Content-Length: 0"], false),
    ])
  func consent(line: String, lines: [String], isConsent: Bool) throws {
    var parser = ResponseHeadParser()
    var head = ResponseHead()
    var buffer = ByteBuffer(string: "\(line)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    #expect(try parser.parse(&buffer, into: &head, requestMethod: .get))
    #expect(head.switchesToWebSocket == isConsent)
    #expect(line.contains(" 101") ? !head.isInterim && head.framing == .none : true)
    buffer = ByteBuffer(string: "HTTP/1.1 101 X\r\n\r\n")
    #expect(try parser.parse(&buffer, into: &head, requestMethod: .get))
    #expect(!head.switchesToWebSocket, "nothing is kept of the head before")
  }

  @Test("Whether trailers are taken", arguments: [("trailers", true), ("gzip;q=1, Trailers", true), ("gzip", false)])
  func trailers(value: String, isTaken: Bool) throws {
    var head = try request(["TE: \(value)"])
    #expect(head.acceptsTrailers == isTaken)
    try head.block.removeConnectionFields()
    #expect(head.acceptsTrailers == isTaken)
    #expect(try !request([]).acceptsTrailers)
  }
}
