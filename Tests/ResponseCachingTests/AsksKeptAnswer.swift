import GatewayKit
import GatewayTesting
import HTTPWire

@testable import ResponseCaching

/// What tests of conditions and ranges ask: an answer of ten bytes that was kept with `respect: origin`. The clock stands at
/// 16:00:00.
protocol AsksKeptAnswer {}

extension AsksKeptAnswer {
  static var strong: [String] {
    [
      "ETag: \"a,b\"", "Last-Modified: Mon, 23 Nov 2026 15:00:00 GMT", "Date: Mon, 23 Nov 2026 15:59:59 GMT",
    ]
  }

  /// A cache with an answer of ten bytes.
  func cache(
    _ fields: [String] = Self.strong, status: Int = 200, body: String = "0123456789",
    _ more: [String: ConfigNode.Value] = [:]
  ) throws -> CacheHarness {
    let cache = try CacheHarness(more.merging(["respect": .text("origin"), "share": .text("domain")]) { $1 })
    let kept = ["Cache-Control: max-age=60", "Content-Type: text/plain", "Vary: X-A", "Content-Location: /m", "X-B: 1"]
    _ = try cache.run(cache.bench.exchange(), fields: fields + kept, body: body, status: status)
    cache.seconds(2)
    return cache
  }

  func ask(
    _ cache: CacheHarness, _ fields: [String], _ line: String = "GET /me HTTP/1.1"
  ) throws -> CacheHarness.Answer {
    try cache.run(cache.bench.exchange(line, fields), body: "origin")
  }

  func status(_ fields: [String], of kept: [String] = Self.strong, _ line: String = "GET /me HTTP/1.1") throws
    -> UInt16
  {
    try ask(cache(kept), fields, line).status
  }
}
