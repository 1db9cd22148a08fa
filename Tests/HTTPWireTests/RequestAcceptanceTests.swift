import HTTPWire
import NIOCore
import Testing

@Suite("Requests that are accepted")
struct RequestAcceptanceTests {
  /// Reads a text whole, in every cut into two and byte by byte.
  private func read(_ text: String) -> Reading {
    let bytes = octets(text)
    let whole = RequestStream.read(bytes)
    for pieces in everyCut(bytes.count) where RequestStream.read(bytes, pieces: pieces) != whole {
      Issue.record("another reading when cut at \(pieces.first ?? 0) of \(pieces.count)")
      break
    }
    return whole
  }

  @Test("The official clients' requests", arguments: ClientRequests.all)
  func clients(_ request: String) throws {
    let reading = read(request)
    #expect(reading.error == nil)
    let message = try #require(reading.messages.first)
    #expect(reading.messages.count == 1 && message.isComplete)
    #expect(message.keepAlive)
    #expect(message.start.hasSuffix(" origin 1.1 HOST"))
    let head = try #require(request.split(separator: "\r\n\r\n", maxSplits: 1).first)
    let lines = head.split(separator: "\r\n").map(String.init)
    #expect(message.fields == Array(lines.dropFirst()))
    let target = lines[0].split(separator: " ")[1].split(separator: "?", maxSplits: 1).map(String.init)
    #expect(message.path == target[0])
    #expect(message.query == (target.count > 1 ? target[1] : nil))
    #expect(message.body == octets(String(request.unicodeScalars.dropFirst(head.unicodeScalars.count + 4))))
  }

  @Test("Values of losantdomain that get through", arguments: ["", "EXAMPLE.com:8443", "a,b", "ex\u{E4}mple.com"])
  func domains(_ value: String) throws {
    let reading = read("GET / HTTP/1.1\r\nHost: a\r\nlosantdomain: \(value) \t\r\n\r\n")
    #expect(try #require(reading.messages.first).fields.last == "losantdomain: \(value)")
  }

  @Test("Targets and what becomes of them", arguments: Targets.all)
  func target(_ target: Targets.Case) throws {
    let reading = read("\(target.method) \(target.text) HTTP/1.1\r\nHost: EX.com:80\r\n\r\n")
    let message = try #require(reading.messages.first)
    #expect(message.path == target.path)
    #expect(message.query == target.query)
    #expect(message.start.contains(" \(target.form) "))
  }

  @Test("Slashes in a row stay where the parser is told to keep them")
  func slashes() {
    var stream = RequestStream(mergeSlashes: false)
    stream.feed(octets("GET //me//tokens/./ HTTP/1.1\r\nHost: a\r\n\r\n"))
    #expect(stream.reading.messages.map(\.path) == ["//me//tokens/"])
  }

  @Test("A head that is used again keeps nothing of the request before")
  func reuse() throws {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer(
      string: "POST /a/../b?c HTTP/1.1\r\nHost: a:1\r\nVia: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"
        + "Connection: close\r\n\r\n")
    #expect(try parser.parse(&buffer, into: &head))
    #expect(head.pathWasRewritten && head.hasQuery && head.expectsContinue && !head.keepAlive)
    buffer = ByteBuffer(string: "GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(try parser.parse(&buffer, into: &head))
    #expect(!head.pathWasRewritten && !head.hasQuery && !head.expectsContinue && head.keepAlive)
    #expect(head.method == .get && head.framing == .none && head.minorVersion == 0)
    #expect(head.withPath(latin1) == "/d" && head.withAuthority(latin1) == "" && head.withHostName(latin1) == "")
    #expect(head.block.fields.count == 1 && head.block.first(.via) == nil && head.block.first(.host) == nil)
  }

  @Test("After a refusal the head is empty")
  func emptyAfterRefusal() {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n")
    #expect(throws: WireError(.fieldNameInvalid)) { try parser.parse(&buffer, into: &head) }
    #expect(head.block.fields.isEmpty && head.withPath(latin1) == "")
  }

  @Test(
    "Whether the connection is kept",
    arguments: [
      ("1.1", "", true), ("1.0", "", false), ("1.1", "Connection: close", false), ("1.1", "connection: CLOSE", false),
      ("1.1", "Connection: x, Close ,y", false), ("1.1", "Connection: x\r\nConnection: close", false),
      ("1.1", "Connection: closed", true), ("1.0", "Connection: Keep-Alive", true),
      ("1.0", "Connection: keep-alive, close", false), ("1.1", "Connection: ,,", true), ("1.1", "Connection:", true),
    ])
  func persistence(version: String, line: String, isKept: Bool) throws {
    let reading = read("GET / HTTP/\(version)\r\nHost: a\r\n\(line.isEmpty ? "" : line + "\r\n")\r\n")
    #expect(try #require(reading.messages.first).keepAlive == isKept)
  }

  @Test(
    "Hosts",
    arguments: [
      ("a", "a"), ("a:80", "a"), ("a:", "a"), ("1.2.3.4:5", "1.2.3.4"), ("[::1]", "[::1]"),
      ("[fe80::1]:8443", "[fe80::1]"),
      ("x_y.example", "x_y.example"), ("a.:65535", "a."),
    ])
  func host(value: String, name: String) throws {
    var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n")
    var parser = RequestHeadParser()
    var head = RequestHead()
    #expect(try parser.parse(&buffer, into: &head))
    #expect(head.withHostName(latin1) == name)
    #expect(head.withAuthority(latin1) == value)
  }

  @Test(
    "100-continue counts only where content follows, and not in 1.0",
    arguments: [
      ("HTTP/1.1", "Content-Length: 3", true), ("HTTP/1.1", "Content-Length: 0", false), ("HTTP/1.1", "X: y", false),
      ("HTTP/1.0", "Content-Length: 3", false), ("HTTP/1.1", "Transfer-Encoding: Chunked", true),
    ])
  func expectation(version: String, line: String, isExpected: Bool) throws {
    var buffer = ByteBuffer(string: "POST / \(version)\r\nHost: a\r\nExpect: 100-Continue\r\n\(line)\r\n\r\n")
    var parser = RequestHeadParser()
    var head = RequestHead()
    #expect(try parser.parse(&buffer, into: &head))
    #expect(head.expectsContinue == isExpected)
  }

  @Test("Requests one after the other, with content of each kind and empty lines between")
  func pipeline() {
    let reading = read(
      "\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n"
        + "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n5;a=b;c=\"d\\\"e\"\r\nhello\r\n009\r\n, "
        + "world!!\r\n0\r\nX: y\r\nEmpty:\r\n\r\nDELETE /d HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    #expect(reading.error == nil)
    #expect(reading.messages.map(\.path) == ["/a", "/b", "/c", "/d"])
    #expect(reading.messages.map(\.framing) == [.none, .length(5), .chunked, .length(0)])
    #expect(reading.messages.map { String(decoding: $0.body, as: UTF8.self) } == ["", "hello", "hello, world!!", ""])
    #expect(!reading.messages.contains { !$0.isComplete })
  }

  @Test("A head that is not complete is started and gives nothing")
  func started() throws {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer()
    #expect(try !parser.parse(&buffer, into: &head) && !parser.isStarted)
    buffer.writeString("\r\n")
    #expect(try !parser.parse(&buffer, into: &head) && !parser.isStarted)
    buffer.writeString("GET / HTTP/1.1\r\nHost: a\r\n")
    #expect(try !parser.parse(&buffer, into: &head) && parser.isStarted)
    buffer.writeString("\r\n")
    #expect(try parser.parse(&buffer, into: &head) && !parser.isStarted)
    #expect(head.block.string(of: .host) == "a")
  }

  @Test("Limits are met exactly")
  func limits() {
    let limits = WireLimits(maxStartLine: 16, maxHeadBytes: 27, maxFields: 1)
    let exact = octets("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(exact.count == 27)
    #expect(RequestStream.read(exact, limits: limits).messages.count == 1)
    let tight = WireLimits(maxStartLine: 15), small = WireLimits(maxHeadBytes: 26)
    #expect(RequestStream.read(exact, limits: tight).error == .startLineTooLong)
    #expect(RequestStream.read(exact, limits: small).error == .headTooLarge)
    #expect(RequestStream.read(exact, limits: WireLimits(maxFields: 0)).error == .tooManyFields)
  }
}
