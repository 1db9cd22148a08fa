import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// When a kept answer may be given, and as what: RFC 9111 section 4, with `respect: origin`.
@Suite struct AnswerConstructionTests {
  private static let fresh = "Cache-Control: max-age=60"

  private func cache() throws -> CacheHarness {
    try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
  }

  /// The target URI is the same: its path in normal form, and its query.
  @Test(
    arguments: [
      ("/me", true), ("/me?", false), ("/me?a=1", false), ("/me/", false), ("/ME", false), ("/x/../me", true),
      ("/%6De", true),
    ] as [(String, Bool)])
  func theTargetMustMatch(target: String, isHit: Bool) throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh])
    #expect(try cache.run(cache.bench.exchange("GET \(target) HTTP/1.1")).isHit == isHit)
  }

  /// The method allows it: what answered a GET answers a HEAD, and nothing else.
  @Test(arguments: [("GET", true), ("HEAD", true), ("OPTIONS", false), ("QUERY", false), ("get", false)])
  func theMethodMustAllowIt(method: String, isHit: Bool) throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh])
    #expect((cache.begin(try cache.bench.exchange("\(method) /me HTTP/1.1")) != nil) == isHit)
  }

  /// Unsafe methods are written through: no answer before the origin's, whatever is kept and whatever the client says.
  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "PURGE", "M-SEARCH"])
  func unsafeRequestsAreWrittenThrough(method: String) throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh])
    for fields in [[], ["Cache-Control: only-if-cached"], ["Cache-Control: max-stale"]] {
      let exchange = try cache.bench.exchange("\(method) /me HTTP/1.1", fields)
      #expect(cache.begin(exchange) == nil)
      #expect(try cache.run(exchange, fields: [Self.fresh], body: "written").body == "written")
    }
    // Nor does such an answer serve anybody later.
    #expect(try cache.run(cache.bench.exchange(), body: "read").body == "read")
  }

  /// Age is made anew, in place of the origin's.
  @Test func ageIsReplaced() throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh, "Age: 7", "age: 9"])
    cache.seconds(2)
    for line in ["GET /me HTTP/1.1", "HEAD /me HTTP/1.1"] {
      let fields = try cache.run(cache.bench.exchange(line)).fields
      #expect(fields.lowercased().ranges(of: "age: ").count == 1 && fields.contains("Age: 9\r\n"), "\(fields)")
    }
  }

  /// Of several answers to the same the newest is given.
  @Test func theNewestAnswerCounts() throws {
    let cache = try cache()
    for body in ["first", "second", "third"] {
      let exchange = try cache.bench.exchange("GET /me HTTP/1.1", ["Cache-Control: no-cache"])
      _ = try cache.run(exchange, fields: [Self.fresh], body: body)
      #expect(try cache.run(cache.bench.exchange()).body == body)
    }
    #expect(cache.store.usage.entries == 1)
  }

  /// Date is that of the answer (RFC 9110 section 6.6.1).
  @Test func dateStays() throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh, "Date: Mon, 23 Nov 2026 15:59:59 GMT"])
    cache.seconds(5)
    #expect(try cache.run(cache.bench.exchange()).fields.contains("Date: Mon, 23 Nov 2026 15:59:59 GMT\r\n"))
  }
}
