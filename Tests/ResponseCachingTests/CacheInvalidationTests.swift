import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

@Suite struct CacheInvalidationTests {
  private let cache: CacheHarness

  init() throws { cache = try CacheHarness(["ttl": .text("1h")]) }

  private func request(
    _ method: String, _ path: String = "/me/tokens/a", user: UInt64 = 1, domain: String = "example.com"
  ) throws -> Exchange {
    try cache.bench.exchange("\(method) \(path) HTTP/1.1", domain: domain, identity: .sample(user))
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
  func unsafeRequestsInvalidateAllClasses(method: String) throws {
    for user in UInt64(1)...3 { _ = try cache.run(request("GET", user: user), body: "old") }
    _ = try cache.run(request("GET", "/me/tokens"), body: "old")
    _ = try cache.run(request("GET", "/me/tokens/b"), body: "old")
    _ = try cache.run(request("GET", domain: "other"), body: "old")
    _ = try cache.run(request(method, user: 2), status: 204)
    for user in UInt64(1)...3 { #expect(try cache.run(request("GET", user: user), body: "new").body == "new") }
    #expect(try cache.run(request("GET", "/me/tokens"), body: "new").body == "new")
    #expect(try cache.run(request("GET", "/me/tokens/b"), body: "new").body == "old")
    #expect(try cache.run(request("GET", domain: "other"), body: "new").body == "old")
  }

  @Test func theEndOfThePathAndTheQueryDoNotMatter() throws {
    _ = try cache.run(request("GET", "/me/tokens/a?x=1"), body: "old")
    _ = try cache.run(request("DELETE", "/me/tokens/a/?y"))
    #expect(try !cache.run(request("GET", "/me/tokens/a?x=1"), body: "new").isHit)
  }

  @Test(arguments: [400, 404, 500])
  func failuresDoNot(status: Int) throws {
    _ = try cache.run(request("GET"))
    _ = try cache.run(request("DELETE"), status: status)
    #expect(try cache.run(request("GET")).isHit)
  }

  /// A refusal of the gateway's changes nothing, but an origin that got the request and fell silent may have obeyed.
  @Test func refusalsDoNotAndSilenceDoes() throws {
    _ = try cache.run(request("GET"))
    let refused = try request("DELETE")
    refused.replyInProgress = Reply(refusing: 429, "rate_limited", message: "")
    cache.filter.response(refused)
    #expect(try cache.run(request("GET")).isHit)
    let silent = try request("DELETE")
    silent.outcome.upstreamStarted = 1
    silent.replyInProgress = Reply(refusing: 504, "upstream_timeout", message: "")
    cache.filter.response(silent)
    #expect(try !cache.run(request("GET")).isHit)
  }

  @Test func whatWasOnItsWayIsNotKept() throws {
    let slow = try request("GET")
    #expect(cache.begin(slow) == nil)
    _ = try cache.run(request("PUT"))
    try cache.head(slow, fields: ["Content-Length: 3"])
    _ = cache.finish(slow, body: "old")
    #expect(try cache.run(request("GET"), body: "new").body == "new")
  }

  @Test func betweenHeadAndEnd() throws {
    let slow = try request("GET")
    #expect(cache.begin(slow) == nil)
    try cache.head(slow, fields: ["Content-Length: 3"])
    #expect(cache.filter.storeHead(slow))
    cache.filter.storeBody(slow, ByteBuffer(string: "old"))
    _ = try cache.run(request("PUT"))
    cache.filter.storeEnd(slow, complete: true)
    #expect(try cache.run(request("GET"), body: "new").body == "new")
  }
}
