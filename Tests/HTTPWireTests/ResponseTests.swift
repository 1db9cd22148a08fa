import HTTPWire
import NIOCore
import Testing

@Suite("Responses")
struct ResponseTests {
  private func read(_ text: String, method: HTTPWire.Method = .get) -> Reading {
    let bytes = octets(text)
    let whole = ResponseStream.read(bytes, method: method)
    for pieces in everyCut(bytes.count) where ResponseStream.read(bytes, method: method, pieces: pieces) != whole {
      Issue.record("another reading when cut at \(pieces.first ?? 0) of \(pieces.count)")
      break
    }
    return whole
  }

  @Test(
    "Refused",
    arguments: [
      ("HTTP/1.1 20 OK\r\n\r\n", WireError.Code.statusLineInvalid), ("HTTP/1.1 2000 OK\r\n\r\n", .statusLineInvalid),
      ("HTTP/1.1 099 X\r\n\r\n", .statusLineInvalid), ("HTTP/1.1 600 X\r\n\r\n", .statusLineInvalid),
      ("HTTP/1.1  200 OK\r\n\r\n", .statusLineInvalid), ("HTTP/2.0 200 OK\r\n\r\n", .versionUnsupported),
      ("HTTP/1.1 200 O\u{0}K\r\n\r\n", .statusLineInvalid), ("HTTP/1.1 200 O\rK\r\n\r\n", .statusLineInvalid),
      ("HTTP/1.1 200 OK\n\n", .lineEndInvalid), ("ICY 200 OK\r\n\r\n", .statusLineInvalid),
      ("\r\n", .statusLineInvalid),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .contentLengthRepeated),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", .contentLengthInvalid),
      (
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .contentLengthWithTransferEncoding
      ),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .transferEncodingUnsupported),
      ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
      ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .fieldNameBlank),
      ("HTTP/1.1 200 OK\r\nX: a\u{0}\r\n\r\n", .fieldValueInvalid),
      ("HTTP/1.1 200 OK\r\n X: y\r\n\r\n", .fieldLineFolded),
      ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", .fieldLineFolded),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", .bodyTruncated),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", .bodyTruncated),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", .bodyTruncated),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nabcde", .chunkSizeInvalid),
      ("HTTP/1.1 200 " + String(repeating: "x", count: 9000), .statusLineTooLong),
    ])
  func refused(text: String, code: WireError.Code) {
    #expect(read(text).error == code)
  }

  @Test(
    "Framing follows from status, fields and the request's method",
    arguments: [
      ("200 OK\r\nContent-Length: 3", "GET", Framing.length(3)), ("200 OK\r\nContent-Length: 3", "HEAD", .none),
      ("200 OK\r\nTransfer-Encoding: chunked", "HEAD", .none), ("304 Not Modified\r\nContent-Length: 3", "GET", .none),
      ("204 No Content", "GET", .none), ("100 Continue", "POST", .none), ("101 Switching Protocols", "GET", .none),
      ("200 OK", "GET", .untilClose), ("200", "GET", .untilClose), ("200 ", "GET", .untilClose),
      ("200 OK\r\nTransfer-Encoding: chunked", "GET", .chunked), ("500 X\r\nContent-Length: 0", "GET", .length(0)),
    ])
  func framing(text: String, method: String, framing: Framing) throws {
    let method: HTTPWire.Method = method == "HEAD" ? .head : method == "GET" ? .get : .post
    var parser = ResponseHeadParser()
    var head = ResponseHead()
    var buffer = ByteBuffer(string: "HTTP/1.1 \(text)\r\n\r\n")
    #expect(try parser.parse(&buffer, into: &head, requestMethod: method))
    #expect(head.framing == framing)
    #expect(head.keepAlive == (framing != .untilClose))
  }

  @Test("Interim responses come before the last one")
  func interim() {
    let reading = read(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
        + "Content-Length: 2\r\nConnection: close\r\n\r\nhi")
    #expect(reading.messages.map(\.start) == ["1.1 100 Continue", "1.1 103 Early Hints", "1.1 200 OK"])
    #expect(reading.messages.map(\.keepAlive) == [true, true, false])
    #expect(reading.messages.last?.body == octets("hi"))
  }

  @Test("Content until the connection closes")
  func untilClose() {
    let reading = read("HTTP/1.0 200 OK\r\n\r\nall of it")
    #expect(reading.messages.last?.body == octets("all of it"))
    #expect(reading.messages.last?.isComplete == true)
    #expect(reading.messages.last?.keepAlive == false)
  }

  @Test("A name that a request must not have is the origin's own affair")
  func lookAlike() {
    #expect(read("HTTP/1.1 204 X\r\ncontent_length: 1\r\n\r\n").error == nil)
  }
}
