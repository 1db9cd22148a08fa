import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// `Cache-Status`: RFC 9211.
@Suite struct CacheStatusTests {
  private func cache(_ more: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(more.merging(["respect": .text("origin"), "share": .text("domain")]) { $1 })
  }

  private static let fields = ["Cache-Control: max-age=10", "ETag: \"v1\"", "Cache-Status: inner; hit"]

  /// The members of the field in an answer, the gateway's and those before it.
  private func members(_ answer: CacheHarness.Answer) -> [String] {
    answer.fields.split(separator: "\r\n").filter { $0.hasPrefix("Cache-Status: ") }.map {
      String($0.dropFirst(14))
    }
  }

  /// Section 2: what caches before this one have said stays, with the answer too that is kept.
  @Test func othersWordStays() throws {
    let cache = try cache()
    let exchange = try cache.bench.exchange()
    #expect(try members(cache.run(exchange, fields: Self.fields)) == ["gatehouse; fwd=miss; stored"])
    #expect(
      exchange.response.block.present.contains(.cacheStatus) && !exchange.responseAdditions.names.contains(.cacheStatus)
    )
    #expect(try Set(members(cache.run(cache.bench.exchange()))) == ["inner; hit", "gatehouse; hit; ttl=10"])
  }

  /// Section 2.1 and 2.2: each member has hit or fwd, never both, and one of the registered reasons.
  @Test func eitherHitOrForwarded() throws {
    let cache = try cache(["stale_if_error": .text("1h")])
    var said: Set<String> = []
    for (line, fields, status) in [
      ("GET", [], 200), ("GET", [], 200), ("GET", ["Cache-Control: no-cache"], 304), ("GET", ["Cookie: a=b"], 200),
      ("GET", ["X-V: 1"], 200), ("POST", [], 400), ("HEAD", [], 200), ("GET", ["Cache-Control: no-cache"], 503),
    ] as [(String, [String], Int)] {
      let answer = try cache.run(
        cache.bench.exchange("\(line) /me HTTP/1.1", fields),
        fields: ["Cache-Control: max-age=10", "ETag: \"v1\"", "Vary: X-V"],
        status: status)
      let members = members(answer)
      #expect(members.count == 1)
      let parameters = members[0].split(separator: "; ").dropFirst().map(String.init)
      #expect(parameters.contains("hit") != parameters.contains { $0.hasPrefix("fwd=") }, "\(members)")
      said.formUnion(parameters.prefix(1))
    }
    #expect(said == ["fwd=miss", "hit", "fwd=request", "fwd=bypass", "fwd=vary-miss", "fwd=method"])
  }

  /// Section 2: a gateway says nothing of answers that it makes itself and no kept one is behind.
  @Test(arguments: ["GET /me HTTP/1.1", "GET /me?x HTTP/1.1", "POST /me HTTP/1.1", "OPTIONS /me HTTP/1.1"])
  func nothingOfItsOwnErrors(line: String) throws {
    let cache = try cache()
    let fields = line.contains("?") ? ["Cookie: a=b"] : []
    let exchange = try cache.bench.exchange(line, fields)
    #expect(cache.begin(exchange) == nil && cache.fail(exchange) == nil)
    exchange.replyInProgress = Reply(refusing: 502, "upstream_unreachable", message: "")
    cache.filter.response(exchange)
    #expect(exchange.addedFields.isEmpty)
    let wish = try cache.bench.exchange("GET /me HTTP/1.1", ["Cache-Control: only-if-cached"])
    #expect(try #require(cache.begin(wish)).status == 504 && wish.addedFields.isEmpty)
  }

  /// Section 2: 304, 206 and 416 are made of the kept answer.
  @Test func ofWhatIsKept() throws {
    let cache = try cache()
    _ = try cache.run(cache.bench.exchange(), fields: Self.fields)
    for field in ["If-None-Match: *", "Range: bytes=0-0", "Range: bytes=99-"] {
      let answer = try cache.run(cache.bench.exchange("GET /me HTTP/1.1", [field]))
      #expect(answer.status != 200 && members(answer).contains("gatehouse; hit; ttl=10"))
    }
  }
}
