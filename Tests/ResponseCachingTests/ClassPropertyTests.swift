import GatewayKit
import GatewayTesting
import Testing

@testable import ResponseCaching

/// No sequence of requests shows one caller what was fetched for another, outside the declared class. The origin marks
/// whatever it sends with who asked, in the body and in fields, and says the most that an origin can say for sharing.
@Suite struct ClassPropertyTests {
  struct Caller {
    let identity: Identity?
    let domain: String
    let number: Int
  }

  static let callers: [Caller] = [
    Caller(identity: .sample(1, scopes: ["a"]), domain: "one", number: 0),
    Caller(identity: .sample(2, scopes: ["a"]), domain: "one", number: 1),
    Caller(identity: .sample(3, scopes: ["a", "b"]), domain: "one", number: 2),
    Caller(identity: nil, domain: "one", number: 3),
    Caller(identity: .sample(1, scopes: ["a"]), domain: "two", number: 4),
    Caller(identity: nil, domain: "two", number: 5),
  ]

  /// Whether the class lets the two share, said here without the key's maker.
  static func mayShare(_ share: String?, _ one: Caller, _ other: Caller) -> Bool {
    guard one.domain == other.domain else { return false }
    switch share {
    case "public": return true
    case "domain": return (one.identity == nil) == (other.identity == nil)
    case "scopes": return one.identity != nil && one.identity?.scopes == other.identity?.scopes
    default: return one.identity != nil && one.identity?.subject == other.identity?.subject
    }
  }

  private static let lines = [
    "GET /a HTTP/1.1", "GET /a HTTP/1.1", "GET /a HTTP/1.1", "GET /b?x HTTP/1.1", "HEAD /a HTTP/1.1", "PUT /a HTTP/1.1",
    "POST /b HTTP/1.1",
  ]
  private static let requestFields: [[String]] = [
    [], [], [], ["Cache-Control: max-stale"], ["Cache-Control: no-cache"], ["Cache-Control: only-if-cached, max-stale"],
    ["Accept-Encoding: gzip"], ["Accept-Encoding: br, gzip"], ["X-V: 1"], ["Authorization: Bearer x"], ["Cookie: a=b"],
    ["If-None-Match: *"], ["If-None-Match: \"mark-0.\", \"mark-1.\", W/\"mark-2.\""],
    ["If-Modified-Since: Fri, 31 Dec 2027 00:00:00 GMT"], ["Range: bytes=0-3"],
    ["Range: bytes=-5", "If-Range: \"mark-0.\""], ["Accept-Language: en, DE"], ["Accept-Language: En,de"],
  ]
  private static let responseFields: [[String]] = [
    ["Cache-Control: public, max-age=20"], ["Cache-Control: s-maxage=5, must-revalidate"],
    ["Cache-Control: public, max-age=20, private=\"x-mark\""], ["Cache-Control: public, max-age=9", "Vary: X-V"],
    ["Cache-Control: public, max-age=9", "Vary: Accept-Encoding"], ["Cache-Control: max-age=9"],
    ["Cache-Control: public, max-age=9, no-cache=\"set-cookie\"", "Set-Cookie: mark"],
    ["Cache-Control: private, max-age=9"],
    ["Expires: Fri, 31 Dec 2027 00:00:00 GMT", "Cache-Control: public"],
    ["Cache-Control: public, max-age=9", "Content-Encoding: gzip"],
    ["Cache-Control: public, max-age=9", "Vary: Accept-Language"],
  ]

  @Test(arguments: [nil, "token", "scopes", "domain", "public"] as [String?], 0..<3 as Range<UInt64>)
  func nothingLeavesItsClass(share: String?, seed: UInt64) throws {
    var settings: [String: ConfigNode.Value] = ["respect": .text("origin"), "heuristic": .text("1h")]
    if let share { settings["share"] = .text(share) }
    let cache = try CacheHarness(settings)
    var random = SplitMix(state: seed &* 77 &+ 1)
    var (answered, shared) = (0, 0)
    for _ in 0..<3000 {
      let caller = Self.callers[Int(random.next() % UInt64(Self.callers.count))]
      let line = Self.lines[Int(random.next() % UInt64(Self.lines.count))]
      let fields = Self.requestFields[Int(random.next() % UInt64(Self.requestFields.count))]
      let said = Self.responseFields[Int(random.next() % UInt64(Self.responseFields.count))]
      let status = [200, 200, 200, 204, 404, 301][Int(random.next() % 6)]
      cache.bench.clock.advance(Int64(random.next() % 2_000_000_000))
      let mark = "mark-\(caller.number)."
      let answer = try cache.run(
        cache.bench.exchange(line, fields, domain: caller.domain, identity: caller.identity),
        fields: said + ["ETag: \"\(mark)\"", "X-Mark: \(mark)", "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"],
        body: mark, status: status)
      guard answer.isHit else { continue }
      answered += 1
      let owners = Self.callers.filter { (answer.fields + answer.body).contains("mark-\($0.number).") }
      if owners.contains(where: { $0.number != caller.number }) { shared += 1 }
      for owner in owners {
        #expect(Self.mayShare(share, owner, caller), "\(owner.number) to \(caller.number): \(line) \(fields)")
      }
    }
    // The property says nothing when nothing is answered, and little when nothing is shared that may be.
    #expect(answered > 100)
    #expect((shared > 0) == (share != nil && share != "token"))
  }
}
