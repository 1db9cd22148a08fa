import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// Parts of a kept answer, with `respect: origin` (RFC 9110 sections 13.1.5 and 14). The clock stands at 16:00:00.
@Suite struct RangeTests: AsksKeptAnswer {
  /// Section 14.2: one range of bytes; who sends something else gets everything.
  @Test(
    arguments: [
      ("bytes=0-3", "0123", "0-3"), ("bytes=4-4", "4", "4-4"), ("bytes=7-", "789", "7-9"), ("bytes=7-99", "789", "7-9"),
      ("bytes=-2", "89", "8-9"), ("bytes=-99", "0123456789", "0-9"), ("BYTES= 0-0 ", "0", "0-0"),
      ("bytes=9-99999999999999999999999999", "9", "9-9"), ("bytes=0-1,3-4", nil, nil), ("bytes=4-3", nil, nil),
      ("bytes=a-b", nil, nil), ("bytes=", nil, nil), ("bytes=-", nil, nil), ("items=0-3", nil, nil), ("0-3", nil, nil),
      ("bytes=0 - 3", nil, nil), ("bytes=+0-3", nil, nil),
    ] as [(String, String?, String?)])
  func range(value: String, body: String?, range: String?) throws {
    let answer = try ask(cache(), ["Range: \(value)"])
    #expect(answer.isHit && answer.body == body ?? "0123456789" && answer.status == (body == nil ? 200 : 206))
    #expect(answer.fields.contains("Content-Range: ") == (body != nil))
    if let range { #expect(answer.fields.contains("Content-Range: bytes \(range)/10\r\n")) }
    // Section 15.3.7: what a 200 would have said.
    for field in ["ETag: \"a,b\"\r\n", "Vary: X-A\r\n", "Content-Type: text/plain\r\n", "Age: 3\r\n"] {
      #expect(answer.fields.contains(field))
    }
  }

  /// Section 15.5.17.
  @Test(arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"])
  func unsatisfiable(value: String) throws {
    let answer = try ask(cache(), ["Range: \(value)"])
    #expect(answer.status == 416 && answer.fields.contains("Content-Range: bytes */10\r\n"))
  }

  @Test func rangesOfNothing() throws {
    let cache = try cache(body: "")
    #expect(try ask(cache, ["Range: bytes=0-"]).status == 416)
    #expect(try ask(cache, ["Range: bytes=-1"]).status == 200)
  }

  /// Section 14.2: only for GET; and no part comes of two fields.
  @Test func rangesThatDoNotCount() throws {
    #expect(try status(["Range: bytes=0-1"], "HEAD /me HTTP/1.1") == 200)
    #expect(try status(["Range: bytes=0-1", "Range: bytes=2-3"]) == 200)
  }

  /// Section 13.1.5: strong comparison, and a date only when it is one that tells states apart.
  @Test(
    arguments: [
      ("\"a,b\"", 206), ("W/\"a,b\"", 200), ("\"x\"", 200), ("*", 200), ("nonsense", 200), ("\"x\", \"a,b\"", 200),
      ("Mon, 23 Nov 2026 15:00:00 GMT", 206), ("Mon, 23 Nov 2026 15:00:01 GMT", 200),
    ] as [(String, UInt16)])
  func ifRange(value: String, expected: UInt16) throws {
    #expect(try status(["Range: bytes=0-1", "If-Range: \(value)"]) == expected)
    #expect(try status(["If-Range: \(value)"]) == 200)
  }

  @Test func ifRangeNeedsAStrongValidator() throws {
    #expect(try status(["Range: bytes=0-1", "If-Range: W/\"w\""], of: ["ETag: W/\"w\""]) == 200)
    #expect(try status(["Range: bytes=0-1", "If-Range: \"w\""], of: ["ETag: W/\"w\""]) == 200)
    let moment = "Mon, 23 Nov 2026 15:00:00 GMT"
    #expect(
      try status(["Range: bytes=0-1", "If-Range: \(moment)"], of: ["Last-Modified: \(moment)", "Date: \(moment)"])
        == 200)
    #expect(try status(["Range: bytes=0-1", "If-Range: \(moment)"], of: []) == 200)
  }
}
