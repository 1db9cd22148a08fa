import GatewayKit
import GatewayTesting
import Testing

@testable import ResponseCaching

/// What of an answer's head is kept, and what becomes of an answer that was cut: RFC 9111 sections 3.1 and 3.3.
@Suite struct StoredHeadTests {
  private static let fresh = "Cache-Control: max-age=60"

  private func cache() throws -> CacheHarness {
    try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
  }

  /// Section 3.1: all fields, those that nobody knows among them, as they came and in their order.
  @Test func allFieldsAreKept() throws {
    let fields = [
      "X-Unknown: 1", "x-UNKNOWN: 2", "Content-Foo: a, b", "Content-Type: text/plain", "Content-MD5: x", "Server: s",
      "Content-Location: /foo", "Content-Security-Policy: default-src 'self'", "ETag: \"a\"", "Pragma: no-cache",
      "Expires: Fri, 01 Jan 2038 01:01:01 GMT", "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT", "Link: </a>; rel=next",
      "Cache-Control: max-age=60, x-y=\"z\"", "Access-Control-Allow-Origin: *", "X-Empty: ", "Cache-Status: inner; hit",
      "Via: 1.1 inner", "Retry-After: 120",
    ]
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: fields)
    let kept = try cache.run(cache.bench.exchange()).fields
    #expect(kept.contains(fields.joined(separator: "\r\n") + "\r\n"), "\(kept)")
  }

  /// Section 3.1: what belongs to one connection or one proxy is not; nor is what speaks of one exchange and would tell
  /// the next client of another.
  @Test(arguments: [
    "Keep-Alive: timeout=5", "Proxy-Connection: close", "Proxy-Authenticate: Basic",
    "Proxy-Authentication-Info: a=b", "TE: trailers", "Upgrade: h2c", "Trailer: X-T",
    "RateLimit: \"a\";r=1", "RateLimit-Policy: \"a\";q=9", "X-Request-ID: 1", "traceparent: 00-1-2-00",
    "WWW-Authenticate: Negotiate x", "Authentication-Info: a=b",
  ])
  func fieldsOfOneConnection(field: String) throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh, field, "X-C: 1"])
    let answer = try cache.run(cache.bench.exchange())
    #expect(answer.isHit && answer.fields.contains("X-C: 1\r\n") && !answer.fields.contains(field))
  }

  /// Section 3.3: what was cut is not kept, and takes nothing away that is.
  @Test func whatWasCut() throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh], body: "whole")
    let exchange = try cache.bench.exchange("GET /me HTTP/1.1", ["Cache-Control: no-cache"])
    _ = try cache.run(exchange, fields: [Self.fresh], body: "cut", complete: false)
    #expect(try cache.run(cache.bench.exchange()).body == "whole")
  }

  /// Section 3.3: an answer that ends with its connection cannot be told from one that was cut.
  @Test func whatHasNoEnd() throws {
    let cache = try cache()
    let exchange = try cache.bench.exchange()
    #expect(cache.begin(exchange) == nil)
    try cache.head(exchange, fields: [Self.fresh])
    _ = cache.finish(exchange, body: "as far as it came")
    #expect(try !cache.run(cache.bench.exchange()).isHit)
  }
}
