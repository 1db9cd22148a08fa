import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

@Suite struct CacheFilterTests {
  private let user = Identity.sample(1)

  private func get(_ cache: CacheHarness, _ fields: [String] = [], _ target: String = "/me") throws -> Exchange {
    try cache.bench.exchange("GET \(target) HTTP/1.1", fields, identity: user)
  }

  @Test func answersWhatItKept() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    let origin = ["Content-Type: application/json", "X-Other: 1", "Age: 2", "Server: s", "X-Request-ID: origin"]
    let first = try cache.run(get(cache), fields: origin, body: "{\"a\":1}")
    #expect(
      !first.isHit && first.fields == "Cache-Status: gatehouse; fwd=miss; stored\r\n" && first.cacheResult == "miss")
    cache.seconds(3)
    let second = try cache.run(get(cache), body: "another")
    #expect(second.isHit && second.body == "{\"a\":1}" && second.cacheResult == "hit")
    #expect(
      second.fields == """
        Age: 5\r\nCache-Status: gatehouse; hit; ttl=7\r\nContent-Type: application/json\r\nX-Other: 1\r\nServer: s\r
        Date: Mon, 23 Nov 2026 16:00:00 GMT\r\n
        """)
  }

  @Test func endsWithItsTime() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    _ = try cache.run(get(cache), body: "old")
    cache.bench.clock.advance(9_999_999_999)
    #expect(try cache.run(get(cache), body: "new").body == "old")
    cache.bench.clock.advance(1)
    let late = try cache.run(get(cache), body: "new")
    #expect(late.body == "new" && late.fields.contains("fwd=stale; stored"))
    #expect(try cache.run(get(cache), body: "newer").body == "new")
  }

  @Test func neverOutlivesItsToken() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    let expiry = cache.bench.clock.wall() + 4_000_000_000
    let short = Identity.sample(1, expiry: expiry)
    func get() throws -> Exchange { try cache.bench.exchange(identity: short) }
    _ = try cache.run(get(), body: "old")
    cache.seconds(3)
    #expect(try cache.run(get(), body: "new").isHit)
    cache.seconds(1)
    #expect(try cache.run(get(), body: "new").fields.contains("fwd=stale\r\n"))
    #expect(try !cache.run(get(), body: "newer").isHit)
  }

  @Test(arguments: [
    ["Cache-Control: no-store"], ["Cache-Control: no-cache"], ["Cache-Control: private"], ["cache-control: NO-STORE"],
    ["Cache-Control: public, max-age=60", "Cache-Control: a=\"x,\", no-store"], ["Cache-Control: private=\"x-a\""],
    ["Cache-Control: max-age=0"], ["Cache-Control: s-maxage=0, max-age=50"], ["Cache-Control: max-age=x"],
    ["Cache-Control: max-age=10", "Age: 10"], ["Expires: 0"], ["Set-Cookie: a=b"], ["Vary: *"], ["Vary: accept, *"],
    ["Vary: X-Forwarded-For"], ["Vary: losantdomain"],
    ["Vary: a1,a2,a3,a4,a5,a6,a7,a8,a9,b1,b2,b3,b4,b5,b6,b7,b8"],
  ])
  func doesNotKeepWhatTheOriginForbids(fields: [String]) throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    #expect(try cache.run(get(cache), fields: fields).fields == "Cache-Status: gatehouse; fwd=miss\r\n")
    #expect(try !cache.run(get(cache)).isHit)
  }

  @Test func keepsWhatIsOverruledByName() throws {
    let losant = ["Cache-Control: no-cache, no-store, must-revalidate", "Pragma: no-cache"]
    for names in [["no-store"], ["no-cache"], ["private", "max-age", "expires", "must-revalidate"]] {
      let cache = try CacheHarness(["ttl": .text("10s"), "override": .list(names)])
      _ = try cache.run(get(cache), fields: losant)
      #expect(try !cache.run(get(cache)).isHit, "\(names)")
    }
    let both = try CacheHarness(["ttl": .text("10s"), "override": .list(["no-store", "no-cache"])])
    _ = try both.run(get(both), fields: losant)
    #expect(try both.run(get(both)).isHit)
    for (name, field) in [
      ("private", "Cache-Control: private"), ("max-age", "Cache-Control: max-age=0"), ("expires", "Expires: 0"),
    ] {
      let cache = try CacheHarness(["ttl": .text("10s"), "override": .text(name)])
      _ = try cache.run(get(cache), fields: [field])
      #expect(try cache.run(get(cache)).isHit, "\(name)")
    }
  }

  @Test func aShorterAgeOfTheOriginsCounts() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    _ = try cache.run(get(cache), fields: ["Cache-Control: max-age=5", "Age: 2"])
    cache.bench.clock.advance(2_999_999_999)
    #expect(try cache.run(get(cache)).isHit)
    cache.bench.clock.advance(1)
    #expect(try !cache.run(get(cache)).isHit)
  }

  @Test(arguments: [201, 204, 206, 301, 304, 400, 404, 500])
  func keepsOnlyOK(status: Int) throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    _ = try cache.run(get(cache), status: status)
    #expect(try !cache.run(get(cache)).isHit)
  }

  @Test func doesNotKeepWhatWasCutOrHasNoEnd() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    _ = try cache.run(get(cache), complete: false)
    let second = try get(cache)
    #expect(cache.begin(second) == nil)
    try cache.head(second, fields: [])
    _ = cache.finish(second, body: "until the connection closes")
    #expect(try !cache.run(get(cache)).isHit)
  }

  @Test func doesNotKeepWhatIsTooLarge() throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "max_object": .text("1KB")])
    let large = String(repeating: "x", count: 1025)
    #expect(try !cache.run(get(cache), body: large).fields.contains("stored"))
    let chunked = try get(cache)
    #expect(cache.begin(chunked) == nil)
    try cache.head(chunked, fields: ["Transfer-Encoding: chunked"])
    _ = cache.finish(chunked, body: large)
    #expect(try !cache.run(get(cache), body: String(large.dropLast())).isHit)
    #expect(try cache.run(get(cache)).body == String(large.dropLast()))
  }

  /// Clients that read slowly keep bodies on their way; together these have a bound.
  @Test(arguments: ["Content-Length: 200000", "Transfer-Encoding: chunked"])
  func keepsNoMoreOnTheWayThanThereIsRoomFor(framing: String) throws {
    let cache = try CacheHarness(
      ["ttl": .text("1h"), "max_object": .text("256KB")], bounds: CacheBounds(size: 1 << 20, domain: 100))
    let body = String(repeating: "x", count: 200_000)
    let fields = [framing]
    let first = try get(cache, [], "/1")
    #expect(cache.begin(first) == nil)
    try cache.head(first, fields: fields)
    #expect(cache.filter.storeHead(first))
    cache.filter.storeBody(first, ByteBuffer(string: body))
    let second = try get(cache, [], "/2")
    #expect(cache.begin(second) == nil)
    try cache.head(second, fields: fields)
    #expect(cache.finish(second, body: body).body == body)
    #expect(cache.begin(try get(cache, [], "/2")) == nil, "there was no room for it")
    cache.filter.storeEnd(first, complete: true)
    #expect(cache.begin(try get(cache, [], "/1"))?.body == body)
    for path in ["/2", "/3"] {
      let later = try get(cache, [], path)
      #expect(cache.begin(later) == nil)
      try cache.head(later, fields: fields)
      _ = cache.finish(later, body: body)
      #expect(cache.begin(try get(cache, [], path))?.body == body)
    }
  }

  @Test(arguments: [
    ["Range: bytes=0-1"], ["If-None-Match: \"a\""], ["If-Modified-Since: x"], ["Cookie: a=b"], ["Content-Length: 1"],
    ["Transfer-Encoding: chunked"], ["Cache-Control: no-store"], ["Connection: accept"],
    ["X-HTTP-Method-Override: PUT"],
    ["Connection: keep-alive", "Connection: x-a"], ["Upgrade: websocket", "Connection: upgrade"],
  ])
  func letsRequestsGoBy(fields: [String]) throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    let around = try cache.run(get(cache, fields))
    #expect(around.fields == "Cache-Status: gatehouse; fwd=bypass\r\n" && around.cacheResult == "bypass")
    #expect(try !cache.run(get(cache)).isHit)
    #expect(try !cache.run(get(cache, fields)).isHit)
    #expect(try cache.run(get(cache, ["Connection: keep-alive"])).isHit)
  }

  @Test func requestsMayAskForAFreshAnswer() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    _ = try cache.run(get(cache), body: "1")
    for (number, field) in ["Cache-Control: no-cache", "Pragma: no-cache", "Cache-Control: max-age=0"].enumerated() {
      cache.seconds(1)
      let answer = try cache.run(get(cache, [field]), body: "\(number + 2)")
      #expect(answer.body == "\(number + 2)" && answer.fields.contains("fwd=request; stored"))
      #expect(try cache.run(get(cache)).body == "\(number + 2)")
    }
    #expect(try !cache.run(get(cache, ["Cache-Control: min-fresh=11"]), body: "5").isHit)
    #expect(try cache.run(get(cache, ["Cache-Control: only-if-cached"])).isHit)
    #expect(try cache.run(get(cache, ["Cache-Control: only-if-cached"], "/other")).status == 504)
  }

  @Test func answersHeadFromGet() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    func head() throws -> Exchange { try cache.bench.exchange("HEAD /me HTTP/1.1", identity: user) }
    _ = try cache.run(head(), body: "")
    #expect(try !cache.run(get(cache), body: "whole").isHit)
    #expect(try cache.run(head()).body == "whole")
  }

  @Test func variesAsTheOriginSays() throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "share": .text("public")])
    let vary = ["Vary: Accept-Encoding, x-A", "Content-Encoding: gzip"]
    func answer(_ fields: [String], _ body: String) throws -> String {
      try cache.run(get(cache, fields), fields: vary, body: body).body
    }
    #expect(try answer([], "none") == "none")
    #expect(try answer(["Accept-Encoding: gzip"], "gzip") == "gzip")
    #expect(try answer(["X-a: 1"], "a1") == "a1")
    #expect(try answer(["X-A: 1", "X-A: 2"], "a12") == "a12")
    #expect(try answer(["X-A: 1, 2"], "list") == "list")
    #expect(try answer([], "x") == "none")
    #expect(try answer(["Accept-Encoding: gzip"], "x") == "gzip")
    #expect(try answer(["x-a: 1"], "x") == "a1")
    #expect(try answer(["x-a: 1", "x-a: 2"], "x") == "a12")
    // The origin changes its mind: what varied by other names is not given any more.
    cache.seconds(5)
    _ = try cache.run(get(cache, ["Cache-Control: no-cache"]), fields: ["Vary: x-b"], body: "by b")
    #expect(try cache.run(get(cache, ["x-a: 1"])).body == "by b")
    #expect(try !cache.run(get(cache, ["x-b: 1"]), body: "b1").isHit)
  }

  @Test func variantsAreBounded() throws {
    let cache = try CacheHarness(["ttl": .text("10s")])
    for number in 0..<100 { _ = try cache.run(get(cache, ["X-A: \(number)"]), fields: ["Vary: X-A"]) }
    #expect(cache.store.usage.entries == 8)
    #expect(try cache.run(get(cache, ["X-A: 99"])).isHit)
    #expect(try !cache.run(get(cache, ["X-A: 1"])).isHit)
  }

  @Test func queryParameters() throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "query": .list(["page", "size"])])
    #expect(try !cache.run(get(cache, [], "/l?page=1&size=2&trace=a")).isHit)
    for same in ["/l?page=1&size=2", "/l?page=1&trace=b&size=2&z"] {
      #expect(try cache.run(get(cache, [], same)).isHit)
    }
    for other in [
      "/l?page=2&size=2", "/l?size=2&page=1", "/l?page=1&size=2&p%61ge=3", "/l?page=1&size=2&page[]=3",
      "/l?page=1&size=2&PAGE=3", "/l?page=1&size=2&x=1;page=3", "/l?page=1&size=2&page=3", "/l?page=1", "/l",
    ] {
      #expect(try !cache.run(get(cache, [], other)).isHit, "\(other)")
    }
  }

  @Test func settingsAreChecked() {
    let bench = Bench()
    let wrong: [[String: ConfigNode.Value]] = [
      [:], ["ttl": .text("0s")], ["ttl": .text("31d")], ["ttl": .text("1s"), "share": .text("tenant")],
      ["ttl": .text("1s"), "override": .text("all")], ["ttl": .text("1s"), "memory": .text("64MB")],
      ["ttl": .text("1s"), "query": .text("a&b")],
      ["ttl": .text("1s"), "headers": .text("a b")], ["ttl": .text("1s"), "stale": .text("1s")],
      ["ttl": .text("1s"), "respect": .text("origin")], ["respect": .text("client")],
      ["respect": .text("origin"), "override": .text("no-store")], ["ttl": .text("1s"), "heuristic": .text("1h")],
      ["ttl": .text("1s"), "honour": .text("max-stale")], ["respect": .text("origin"), "drop": .text("a b")],
      ["ttl": .text("1s"), "variants": .text("0")],
      ["respect": .text("origin"), "targeted": .list(["a", "b", "c", "d", "e"])],
    ]
    for values in wrong {
      #expect(throws: ConfigurationError.self) {
        let _: CacheSettings = try bench.settings(values)
      }
    }
  }
}
