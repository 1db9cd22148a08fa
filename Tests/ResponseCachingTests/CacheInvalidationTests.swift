import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

@Suite struct CacheInvalidationTests {
  private let cache: CacheHarness

  init() throws { cache = try CacheHarness(["ttl": .text("1h"), "share": .text("token")]) }

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

  /// RFC 9111 section 4.4: every answer that is no error, 2xx and 3xx.
  @Test(arguments: [200, 201, 202, 204, 206, 299, 301, 303, 304, 308, 399])
  func successesDo(status: Int) throws {
    _ = try cache.run(request("GET"))
    _ = try cache.run(request("DELETE"), status: status)
    #expect(try !cache.run(request("GET")).isHit)
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

  /// Nobody sees what came of a write whose client has left; when the origin got it, it may have obeyed.
  @Test(arguments: [(true, "DELETE"), (false, "DELETE"), (true, "OPTIONS")])
  func clientsThatLeave(isSent: Bool, method: String) throws {
    _ = try cache.run(request("GET"))
    let left = try request(method)
    #expect(cache.begin(left) == nil)
    if isSent { left.outcome.upstreamStarted = 1 }
    cache.filter.observe(left)
    #expect(try cache.run(request("GET")).isHit != (isSent && method == "DELETE"))
  }

  /// What was judged by its answer is not judged by its end again.
  @Test func refusedWritesEndWithoutHarm() throws {
    _ = try cache.run(request("GET"))
    let refused = try request("DELETE")
    refused.outcome.upstreamStarted = 1
    _ = try cache.run(refused, status: 403)
    cache.filter.observe(refused)
    #expect(try cache.run(request("GET")).isHit)
  }

  /// A response that names many others changes the first only.
  @Test func theFirstLocationCounts() throws {
    for path in ["/a", "/b", "/c", "/d"] { _ = try cache.run(request("GET", path), body: "old") }
    _ = try cache.run(
      request("POST", "/x/y"),
      fields: ["Location: /a", "Location: /b", "Content-Location: /c", "Content-Location: /d"], status: 201)
    let found = try ["/a", "/b", "/c", "/d"].map { try cache.run(request("GET", $0), body: "new").body }
    #expect(found == ["new", "old", "new", "old"])
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

  /// RFC 9111 section 4.4: Location and Content-Location of the same origin. The request is for `http://gateway`.
  @Test(
    arguments: [
      ("/x/y", true), ("/x/y?z=1", true), ("/x/y#z", true), ("http://gateway/x/y", true),
      ("HTTP://Gateway:80/x/y", true),
      ("//gateway/x/y", true), ("../x/y", true), ("../../x/y", false), ("/x/./z/../%79", true), ("/x/y/", true),
      ("//gateway//x//y", true), ("//x/y", false),
      ("https://gateway/x/y", false), ("http://gateway:8080/x/y", false), ("http://other/x/y", false),
      ("//other/x/y", false),
      ("http:/x/y", false), ("urn:x:y", false), ("/x", false), ("", false), ("/x/y%00", false), ("http://", false),
      ("http://gateway", false), ("http://gateway@other/x/y", false), ("x/y", false), ("/../../../x/z", false),
    ] as [(String, Bool)])
  func whatTheAnswerNames(reference: String, isInvalidated: Bool) throws {
    for field in ["Location", "Content-Location"] {
      _ = try cache.run(request("GET", "/x/y"), body: "old")
      _ = try cache.run(request("GET", "/x/y", domain: "other"), body: "old")
      _ = try cache.run(request("POST", "/me/tokens"), fields: ["\(field): \(reference)"], status: 201)
      #expect(try cache.run(request("GET", "/x/y"), body: "new").isHit == !isInvalidated, "\(field)")
      #expect(try cache.run(request("GET", "/x/y", domain: "other"), body: "new").isHit)
    }
  }

  /// Relative to the request's path.
  @Test func whatTheAnswerNamesNearby() throws {
    _ = try cache.run(request("GET", "/me/tokens/b"), body: "old")
    _ = try cache.run(request("PUT", "/me/tokens/a"), fields: ["Content-Location: b"])
    #expect(try !cache.run(request("GET", "/me/tokens/b"), body: "new").isHit)
  }

  /// Only an unsafe request that succeeded names anything (section 4.4).
  @Test(arguments: [("POST", 404), ("GET", 200), ("HEAD", 200), ("OPTIONS", 200)])
  func namedInVain(method: String, status: Int) throws {
    _ = try cache.run(request("GET", "/x/y"), body: "old")
    _ = try cache.run(request(method, "/me/z"), fields: ["Location: /x/y"], body: "", status: status)
    #expect(try cache.run(request("GET", "/x/y"), body: "new").isHit)
  }
}
