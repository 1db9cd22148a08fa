import HTTPWire
import NIOCore
import Testing

@Suite("Writing heads")
struct SerializeTests {
  private func request(_ text: String) throws -> RequestHead {
    var parser = RequestHeadParser()
    var head = RequestHead()
    var buffer = ByteBuffer(bytes: octets(text))
    #expect(try parser.parse(&buffer, into: &head))
    return head
  }

  private func written(_ head: RequestHead, extra: String = "", host: String? = nil) -> String {
    var out = ByteBuffer(string: ">")
    head.serialize(into: &out, extra: ByteBuffer(string: extra), host: host.map { ByteBuffer(string: $0) })
    return out.withUnsafeReadableBytes(latin1)
  }

  @Test("A request is written from its parsed form")
  func request() throws {
    var head = try request(
      "POST http://Ex.com/a/%2e/b%2f?q HTTP/1.0\r\nX-A:b\r\nContent-Length: 0\r\nx-b: \t c \r\nHOST: eX.com\r\nTE: x\r\n"
        + "X-C:\r\n\r\n")
    head.block.remove(.te)
    #expect(
      written(head)
        == ">POST /a/b%2F?q HTTP/1.1\r\nHost: Ex.com\r\nX-A: b\r\nx-b: c\r\nX-C: \r\nContent-Length: 0\r\n\r\n")
    #expect(
      written(head, extra: "Via: 1.0 g\r\n", host: "o:1")
        == ">POST /a/b%2F?q HTTP/1.1\r\nHost: o:1\r\nX-A: b\r\nx-b: c\r\nX-C: \r\nContent-Length: 0\r\nVia: 1.0 g\r\n\r\n"
    )
  }

  @Test("Forms of targets and framing")
  func targets() throws {
    #expect(
      written(try request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")) == ">OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(
      written(try request("PURGE /? HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"))
        == ">PURGE /? HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(written(try request("GET / HTTP/1.0\r\n\r\n"), host: "o") == ">GET / HTTP/1.1\r\nHost: o\r\n\r\n")
  }

  @Test("A request whose method was changed is written with the new one")
  func changedMethods() throws {
    var head = try request("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
    head.method = .get
    #expect(written(head) == ">GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
  }

  private func response(_ text: String, _ framing: Framing, _ left: FieldIDSet = [], method: HTTPWire.Method = .get)
    throws
    -> String
  {
    var parser = ResponseHeadParser()
    var head = ResponseHead()
    var buffer = ByteBuffer(bytes: octets(text))
    #expect(try parser.parse(&buffer, into: &head, requestMethod: method))
    var out = ByteBuffer()
    head.serialize(into: &out, framing: framing, suppressing: left, extra: ByteBuffer(string: "Age: 1\r\n"))
    return out.withUnsafeReadableBytes(latin1)
  }

  @Test("A response is written from its parsed form")
  func responses() throws {
    let text = "HTTP/1.0 200 Fine\r\nServer: x\r\nContent-Length: 7\r\nX:y\r\n\r\n"
    #expect(
      try response(text, .chunked, [.server])
        == "HTTP/1.1 200 Fine\r\nX: y\r\nTransfer-Encoding: chunked\r\nAge: 1\r\n\r\n")
    #expect(
      try response(text, .length(9)) == "HTTP/1.1 200 Fine\r\nServer: x\r\nX: y\r\nContent-Length: 9\r\nAge: 1\r\n\r\n")
    #expect(
      try response(text, .none, method: .head)
        == "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 7\r\nX: y\r\nAge: 1\r\n\r\n")
    #expect(
      try response("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n", .none) == "HTTP/1.1 204 \r\nAge: 1\r\n\r\n")
    #expect(
      try response("HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n", .none)
        == "HTTP/1.1 304 \r\nContent-Length: 5\r\nAge: 1\r\n\r\n")
  }

  @Test("What was written reads like what was read", arguments: 200..<204)
  func roundTrip(seed: UInt64) {
    var generator = MessageGenerator(seed: seed)
    var count = 0
    for _ in 0..<1000 {
      for message in RequestStream.read(generator.requests()).messages where message.isComplete {
        guard let again = rewritten(message) else { continue }
        count += 1
        #expect(again.path == message.path && again.query == message.query && again.framing == message.framing)
        #expect(again.keepAlive == message.keepAlive)
        #expect(again.fields.sorted() == message.fields.map(canonical).sorted())
      }
    }
    #expect(count > 500)
  }

  /// Field names the gateway writes itself come out in its own spelling.
  private func canonical(_ line: String) -> String {
    let name = line.prefix { $0 != ":" }.lowercased()
    if name == "content-length" { return "Content-Length: " + (UInt64(line.dropFirst(16)).map(String.init) ?? "") }
    if name == "transfer-encoding" { return "Transfer-Encoding: chunked" }
    return name == "host" ? "Host" + line.dropFirst(4) : line
  }

  private func rewritten(_ message: Reading.Message) -> Reading.Message? {
    guard message.start.contains(" 1.1 ") else { return nil }
    let words = message.start.split(separator: " ", omittingEmptySubsequences: false)
    let target = message.path + (message.query.map { "?" + $0 } ?? "")
    guard
      let head = try? request("\(words[0]) \(target) HTTP/1.1\r\n\(message.fields.map { $0 + "\r\n" }.joined())\r\n")
    else {
      Issue.record("the normal form was refused: \(message)")
      return nil
    }
    return RequestStream.read(octets(String(written(head).dropFirst()))).messages.first
  }

  @Test("Small parts")
  func parts() {
    func text(_ body: (inout ByteBuffer) -> Void) -> String {
      var out = ByteBuffer()
      body(&out)
      return String(buffer: out)
    }
    #expect(text { HeadWriting.writeDecimal(0, into: &$0) } == "0")
    #expect(text { HeadWriting.writeDecimal(.max, into: &$0) } == "18446744073709551615")
    for value in [0, 1, 15, 16, 255, 4096, .max] as [UInt64] {
      #expect(text { HeadWriting.writeHex(value, into: &$0) } == String(value, radix: 16))
    }
    #expect(text { HeadWriting.appendChunkHead(26, into: &$0) } == "1a\r\n")
    #expect("\(HeadWriting.lastChunk)" == "0\r\n\r\n")
    #expect(text { HeadWriting.writeStatusLine(404, into: &$0) } == "HTTP/1.1 404 Not Found\r\n")
    #expect(text { HeadWriting.writeStatusLine(200, into: &$0) } == "HTTP/1.1 200 OK\r\n")
    #expect(text { HeadWriting.writeStatusLine(299, into: &$0) } == "HTTP/1.1 299 \r\n")
    #expect(text { HeadWriting.writeField(.age, decimal: 12, into: &$0) } == "Age: 12\r\n")
    #expect(text { HeadWriting.writeField(.via, "1.1 g", into: &$0) } == "Via: 1.1 g\r\n")
    #expect(text { HeadWriting.writeField(name: "X", "y", into: &$0) } == "X: y\r\n")
    #expect(text { HeadWriting.writeField(.date, ByteBuffer(string: "now"), into: &$0) } == "Date: now\r\n")
  }
}
