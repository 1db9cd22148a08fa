import HTTPWire
import Testing

/// Requests that must be refused, each with the code, at any place where a read may end.
struct Refusal: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let code: WireError.Code
  let status: UInt16
  var testDescription: String { name }

  init(_ name: String, _ text: String, _ code: WireError.Code, _ status: UInt16 = 400) {
    self.name = name
    self.text = text
    self.code = code
    self.status = status
  }

  /// A request that is fine but for one field line.
  static func field(_ line: String, _ code: WireError.Code, _ status: UInt16 = 400) -> Refusal {
    Refusal(line, "POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", code, status)
  }

  /// A request that is fine but for its target.
  static func target(_ target: String, _ code: WireError.Code, method: String = "GET") -> Refusal {
    Refusal("\(method) \(target)", "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n", code)
  }

  /// A request with one Host.
  static func host(_ value: String) -> Refusal {
    Refusal("Host: \(value)", "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n", .hostInvalid)
  }

  /// A chunked request with that content.
  static func chunks(_ content: String, _ code: WireError.Code, _ status: UInt16 = 400) -> Refusal {
    Refusal(
      "chunks \(content.prefix(40))", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(content)",
      code,
      status)
  }
}

@Suite("Requests that are refused")
struct RequestRefusalTests {
  @Test(arguments: Vectors.startLines + Vectors.targets + Vectors.hosts)
  func startLine(_ refusal: Refusal) { check(refusal) }

  @Test(arguments: Vectors.fields + Vectors.framing)
  func field(_ refusal: Refusal) { check(refusal) }

  @Test(arguments: Vectors.chunks)
  func chunk(_ refusal: Refusal) { check(refusal) }

  private func check(_ refusal: Refusal) {
    let bytes = octets(refusal.text)
    let whole = RequestStream.read(bytes)
    #expect(whole.error == refusal.code)
    #expect(WireError(refusal.code).status == refusal.status)
    for pieces in everyCut(bytes.count) {
      let reading = RequestStream.read(bytes, pieces: pieces)
      guard reading != whole else { continue }
      Issue.record("cut at \(pieces.first ?? 0) of \(pieces.count): \(reading) instead of \(whole)")
      return
    }
  }

  @Test("Every code has a reason of its own, a message and a status of an error")
  func texts() {
    let reasons = WireError.Code.allCases.map { "\(WireError($0).reason)" }
    #expect(Set(reasons).count == reasons.count)
    for code in WireError.Code.allCases {
      let error = WireError(code)
      #expect("\(error.reason)".allSatisfy { $0 == "_" || ($0.isASCII && ($0.isLowercase || $0.isNumber)) })
      #expect("\(error.message)".hasSuffix("."))
      #expect((400...505).contains(error.status))
      #expect(error.description == "\(error.reason): \(error.message)")
    }
    #expect(!WireError(.expectationUnsupported).closesConnection)
    #expect(WireError(.contentLengthInvalid).closesConnection)
  }
}
