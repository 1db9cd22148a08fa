import HTTPWire
import Testing

/// What must be refused, with the reason code and the status that an operator reads, and at every cut of the bytes.
struct Strict: Sendable, CustomTestStringConvertible {
  let text: String
  let reason: String
  let status: UInt16
  var testDescription: String { "\(reason): \(text.prefix(60).debugDescription)" }

  init(_ text: String, _ reason: String, _ status: UInt16 = 400) {
    self.text = text
    self.reason = reason
    self.status = status
  }

  /// A good request but for some lines.
  static func lines(_ lines: String, _ reason: String, _ status: UInt16 = 400, version: String = "1.1") -> Strict {
    Strict("POST /a HTTP/\(version)\r\nHost: h\r\n\(lines)\r\n\r\n", reason, status)
  }

  static func target(_ target: String, _ reason: String) -> Strict {
    Strict("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", reason)
  }

  static func chunks(_ content: String, _ reason: String, _ status: UInt16 = 400) -> Strict {
    .lines("Transfer-Encoding: chunked\r\n\r\n\(content)", reason, status)
  }

  /// A good response but for some lines; its status plays no part, for the client gets 502.
  static func response(_ status: String, _ lines: String, _ reason: String, content: String = "") -> Strict {
    Strict("HTTP/1.1 \(status)\r\n\(lines)\r\n\r\n\(content)", reason)
  }
}

@Suite("Strictness")
struct StrictnessTests {
  @Test("Requests refused", arguments: requests)
  func request(_ strict: Strict) throws {
    let bytes = octets(strict.text)
    let whole = RequestStream.read(bytes)
    let error = WireError(try #require(whole.error))
    #expect("\(error.reason)" == strict.reason)
    #expect(error.status == strict.status)
    #expect(error.closesConnection)
    for pieces in everyCut(bytes.count) where RequestStream.read(bytes, pieces: pieces) != whole {
      Issue.record("another reading when cut at \(pieces.first ?? 0) of \(pieces.count)")
      return
    }
  }

  @Test("Responses of a hostile or broken origin", arguments: responses)
  func response(_ strict: Strict) throws {
    let bytes = octets(strict.text)
    let whole = ResponseStream.read(bytes)
    #expect("\(WireError(try #require(whole.error)).reason)" == strict.reason)
    for pieces in everyCut(bytes.count) where ResponseStream.read(bytes, pieces: pieces) != whole {
      Issue.record("another reading when cut at \(pieces.first ?? 0) of \(pieces.count)")
      return
    }
  }

  static let requests: [Strict] = [
    // Content-Length with Transfer-Encoding
    .lines("Content-Length: 5\r\nTransfer-Encoding: chunked", "content_length_with_transfer_encoding"),
    .lines("Transfer-Encoding: chunked\r\nContent-Length: 5", "content_length_with_transfer_encoding"),
    // Several or malformed Content-Lengths: sign, blank, hex, list, overflow
    .lines("Content-Length: 5\r\nContent-Length: 5", "content_length_repeated"),
    .lines("Content-Length: 5\r\nContent-Length: 6", "content_length_repeated"),
    .lines("Content-Length: +5", "content_length_invalid"), .lines("Content-Length: 5 5", "content_length_invalid"),
    .lines("Content-Length: 0x5", "content_length_invalid"), .lines("Content-Length: 5,5", "content_length_invalid"),
    .lines("Content-Length: 18446744073709551621", "content_length_invalid"),
    // Any Transfer-Encoding but exactly one final chunked, or in HTTP/1.0
    .lines("Transfer-Encoding: gzip", "transfer_encoding_unsupported", 501),
    .lines("Transfer-Encoding: chunked, gzip", "transfer_encoding_invalid"),
    .lines("Transfer-Encoding: gzip, chunked", "transfer_encoding_invalid"),
    .lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "transfer_encoding_repeated"),
    .lines("Transfer-Encoding: chunked", "transfer_encoding_in_http_1_0", version: "1.0"),
    // Blank before the colon, folded lines, bare CR, bare LF, NUL and other control bytes, names that are no tokens
    .lines("X-A : b", "field_name_blank"), .lines("Transfer-Encoding\t: chunked", "field_name_blank"),
    .lines("X-A: b\r\n c", "field_line_folded"), .lines("X-A: b\rc", "field_value_invalid"),
    .lines("X-A: b\nX-B: c", "line_end_invalid"), .lines("X-A: b\u{0}", "field_value_invalid"),
    .lines("X-A: b\u{7F}c", "field_value_invalid"), .lines("X-A: b\u{1B}[0m", "field_value_invalid"),
    .lines("X(A: b", "field_name_invalid"), .lines(": b", "field_name_invalid"),
    .lines("X\u{0}A: b", "field_name_invalid"), .lines("no colon", "field_line_invalid"),
    // No Host, several Hosts, an invalid Host; absolute-form that disagrees
    Strict("GET / HTTP/1.1\r\nX-A: b\r\n\r\n", "host_missing"), .lines("Host: h", "host_repeated"),
    Strict("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "host_invalid"),
    Strict("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", "host_invalid"), .target("http://other/", "host_disagrees"),
    .target("http://h:80/", "host_disagrees"),
    // Several losantdomain or Authorization fields, and look-alikes of judged names
    .lines("losantdomain: a\r\nlosantdomain: b", "field_repeated"),
    .lines("Authorization: a\r\nAuthorization: a", "field_repeated"),
    .lines("losant_domain: a", "field_name_look_alike"), .lines("Content_Length: 5", "field_name_look_alike"),
    // Bad percent-encoding, encoded NUL, fragments and raw bytes in the target
    .target("/%g0", "path_percent_invalid"), .target("/?%g0", "query_invalid"), .target("/%00", "path_control"),
    .target("/?a=%00", "query_invalid"), .target("/a#b", "path_invalid"), .target("/?a#b", "query_invalid"),
    .target("/\u{C3}\u{A9}", "path_invalid"), .target("/?\u{C3}\u{A9}", "query_invalid"),
    .target("/a\\b", "path_invalid"), .target("/../a", "path_above_root"), .target("/a/..%2fb", "path_ambiguous"),
    // CONNECT and TRACE; other versions
    Strict("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "method_unsupported", 501),
    Strict("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", "method_unsupported", 501),
    Strict("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "version_unsupported", 505),
    Strict("GET / HTTP/0.9\r\nHost: h\r\n\r\n", "version_unsupported", 505),
    Strict("GET /\r\n", "request_line_invalid"),
    // Over the limits
    Strict("GET /" + String(repeating: "a", count: 8200), "start_line_too_long", 414),
    .lines((0..<100).map { "x\($0): y" }.joined(separator: "\r\n"), "too_many_fields", 431),
    .lines("X-A: " + String(repeating: "b", count: 33_000), "head_too_large", 431),
    .chunks("1;" + String(repeating: "a", count: 257), "chunk_extension_too_long", 413),
    // Chunk sizes that overflow, and other bad chunking
    .chunks("ffffffffffffffff\r\n", "chunk_size_invalid"), .chunks("10000000000000005\r\n", "chunk_size_invalid"),
    .chunks("-5\r\n", "chunk_size_invalid"), .chunks("5\r\nhello!", "chunk_end_invalid"),
    .chunks("0\r\nX-A : b\r\n\r\n", "trailer_invalid"),
  ]

  static let responses: [Strict] = [
    // Both framings, conflicting lengths
    .response("200 OK", "Content-Length: 2\r\nTransfer-Encoding: chunked", "content_length_with_transfer_encoding"),
    .response("200 OK", "Content-Length: 2\r\nContent-Length: 3", "content_length_repeated"),
    .response("200 OK", "Content-Length: 2\r\nContent-Length: 2", "content_length_repeated"),
    .response("200 OK", "Content-Length: 2, 2", "content_length_invalid"),
    .response("304 X", "Content-Length: 2\r\nTransfer-Encoding: chunked", "content_length_with_transfer_encoding"),
    .response("200 OK", "Transfer-Encoding: gzip, chunked", "transfer_encoding_invalid"),
    .response("200 OK", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "transfer_encoding_repeated"),
    // Bad chunking
    .response("200 OK", "Transfer-Encoding: chunked", "chunk_size_invalid", content: "zz\r\n"),
    .response("200 OK", "Transfer-Encoding: chunked", "chunk_end_invalid", content: "1\r\nab\r\n"),
    // Oversized or malformed heads
    .response("200 OK", "X-A: " + String(repeating: "b", count: 33_000), "head_too_large"),
    .response("200 OK", (0..<101).map { "x\($0): y" }.joined(separator: "\r\n"), "too_many_fields"),
    .response("200 " + String(repeating: "b", count: 9000), "X-A: b", "status_line_too_long"),
    .response("20 OK", "X-A: b", "status_line_invalid"), .response("200 OK", "X-A: b\n", "line_end_invalid"),
    .response("200 OK", "X-A: b\u{0}", "field_value_invalid"),
    // Bodies where none may be
    .response("204 X", "Content-Length: 5", "content_forbidden", content: "hello"),
    .response("204 X", "Transfer-Encoding: chunked", "content_forbidden", content: "0\r\n\r\n"),
    .response("100 X", "Content-Length: 5", "content_forbidden", content: "hello"),
    .response("103 X", "Transfer-Encoding: chunked", "content_forbidden", content: "0\r\n\r\n"),
    .response("101 X", "Content-Length: 5\r\nConnection: upgrade\r\nUpgrade: websocket", "content_forbidden"),
    // Truncation
    .response("200 OK", "Content-Length: 5", "body_truncated", content: "hell"),
    .response("200 OK", "Transfer-Encoding: chunked", "body_truncated", content: "5\r\nhello\r\n0\r\n"),
  ]

  @Test(
    "Responses without content whatever their fields say (RFC 9112 section 6.3)",
    arguments: [
      ("HTTP/1.1 204 X", "Content-Length: 0", HTTPWire.Method.get), ("HTTP/1.1 304 X", "Content-Length: 5", .get),
      ("HTTP/1.1 304 X", "Transfer-Encoding: chunked", .get), ("HTTP/1.1 200 OK", "Content-Length: 5", .head),
      ("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", .head), ("HTTP/1.1 103 X", "Content-Length: 0", .get),
    ])
  func bare(line: String, field: String, method: HTTPWire.Method) {
    let next = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    let reading = ResponseStream.read(octets("\(line)\r\n\(field)\r\n\r\n\(next)"), method: method)
    #expect(reading.error == nil && reading.messages.count == 2)
    #expect(reading.messages.first?.body == [] && reading.messages.first?.framing == Framing.none)
  }
}
