import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// Stale answers help when the origin fails: RFC 5861 section 4, within RFC 9111 section 4.2.4.
@Suite struct StaleIfErrorTests {
  private static let origin: [String: ConfigNode.Value] = ["respect": .text("origin"), "share": .text("domain")]
  private static let ttl: [String: ConfigNode.Value] = ["ttl": .text("10s"), "share": .text("domain")]

  private func get(_ cache: CacheHarness, _ fields: [String] = [], _ method: String = "GET") throws -> Exchange {
    try cache.bench.exchange("\(method) /me HTTP/1.1", fields)
  }

  /// Whether what was kept with these fields is given so many seconds after its freshness when the origin says 503.
  private func helps(
    _ fields: [String], after seconds: Int64 = 5, _ settings: [String: ConfigNode.Value], request: [String] = []
  ) throws -> Bool {
    let cache = try CacheHarness(settings)
    _ = try cache.run(get(cache), fields: fields, body: "first")
    cache.seconds(10 + seconds)
    let answer = try cache.run(get(cache, request), body: "trouble", status: 503)
    #expect((answer.status == 200) == (answer.body == "first"))
    return answer.status == 200
  }

  @Test(arguments: [500, 502, 503, 504]) func givesTheStaleAnswer(status: Int) throws {
    let cache = try CacheHarness(Self.origin)
    _ = try cache.run(get(cache), fields: ["Cache-Control: max-age=10, stale-if-error=20"], body: "first")
    cache.seconds(29)
    let answer = try cache.run(get(cache), body: "trouble", status: status)
    #expect(answer.status == 200 && answer.body == "first" && answer.cacheResult == "stale")
    #expect(answer.fields.contains("Age: 29\r\nCache-Status: gatehouse; fwd=stale; fwd-status=\(status)\r\n"))
    cache.seconds(1)
    #expect(try cache.run(get(cache), body: "trouble", status: status).body == "trouble")
  }

  /// RFC 9213 section 2.2: a targeted field says it as Cache-Control does, and in its place.
  @Test(
    arguments: [
      ("max-age=10, stale-if-error=20", true), ("max-age=10, stale-if-error=3", false), ("max-age=10", false),
      ("max-age=10, stale-if-error=\"20\"", false),
    ])
  func targetedFieldsSayIt(value: String, helps: Bool) throws {
    let settings = Self.origin.merging(["targeted": .list(["cdn-cache-control"])]) { $1 }
    let fields = ["CDN-Cache-Control: \(value)", "Cache-Control: max-age=1, stale-if-error=60"]
    #expect(try self.helps(fields, settings) == helps)
  }

  @Test func givesItWhenThereIsNoAnswer() throws {
    let cache = try CacheHarness(Self.ttl.merging(["stale_if_error": .text("1m")]) { $1 })
    _ = try cache.run(get(cache), body: "first")
    cache.seconds(11)
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    let answer = cache.fail(exchange)
    #expect(
      answer?.body == "first" && answer?.fields.contains("Age: 11\r\nCache-Status: gatehouse; fwd=stale\r\n") == true)
    // While it is fresh, or not there at all, nothing comes of it.
    let cold = try cache.bench.exchange("GET /other HTTP/1.1")
    #expect(cache.begin(cold) == nil && cache.fail(cold) == nil)
  }

  /// Other statuses are the origin's answer.
  @Test(arguments: [200, 400, 404, 429, 501, 505]) func otherStatuses(status: Int) throws {
    let cache = try CacheHarness(Self.ttl.merging(["stale_if_error": .text("1m")]) { $1 })
    _ = try cache.run(get(cache), body: "first")
    cache.seconds(11)
    #expect(try cache.run(get(cache), body: "second", status: status).body == "second")
  }

  /// Sections 4.2.4, 5.2.2.2, 5.2.2.4, 5.2.2.8 and 5.2.2.10 forbid it.
  @Test func whatForbids() throws {
    let setting = Self.origin.merging(["stale_if_error": .text("1m")]) { $1 }
    #expect(try helps(["Cache-Control: max-age=10"], setting))
    for directive in ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"] {
      let fields = ["Cache-Control: max-age=10, stale-if-error=60, \(directive)", "ETag: \"v1\""]
      #expect(try !helps(fields, setting), "\(directive)")
      #expect(try !helps(fields, Self.ttl.merging(["stale_if_error": .text("1m")]) { $1 }), "\(directive)")
    }
  }

  /// The organisation's word and the origin's.
  @Test func whoseWordCounts() throws {
    #expect(try !helps(["Cache-Control: max-age=10"], Self.origin))
    let setting: [String: ConfigNode.Value] = ["stale_if_error": .text("10s")]
    for (base, said, seconds, isGiven) in [
      (Self.origin, ", stale-if-error=3", 5, false), (Self.origin, ", stale-if-error=60", 30, true),
      (Self.origin, "", 9, true), (Self.origin, "", 10, false), (Self.ttl, "", 9, true),
      (Self.ttl, ", stale-if-error=3", 5, false), (Self.ttl, ", stale-if-error=60", 30, false),
    ] as [([String: ConfigNode.Value], String, Int64, Bool)] {
      let settings = base.merging(setting) { $1 }
      #expect(
        try helps(["Cache-Control: max-age=10\(said)"], after: seconds, settings) == isGiven, "\(said) \(seconds)")
    }
    let overruled = Self.ttl.merging([
      "stale_if_error": .text("1m"), "override": .list(["no-store", "no-cache", "must-revalidate"]),
    ]) { $1 }
    #expect(try helps(["Cache-Control: no-cache, no-store, must-revalidate"], overruled))
  }

  /// Section 4: a client may ask for it, for more and for less than others get. With `ttl` only for less.
  @Test(
    arguments: [
      ("stale-if-error=6", 5, true), ("stale-if-error=5", 5, false), ("stale-if-error=x", 1, false),
      ("stale-if-error", 1, false), ("stale-if-error=60, stale-if-error=2", 5, false), ("stale-if-error=0", 1, false),
      ("stale-if-error=60, max-age=30", 5, false), ("stale-if-error=60, no-cache", 5, false),
      ("stale-if-error=60", 30, true), ("stale-if-error=60", 9, true), ("stale-if-error=3", 2, true),
    ] as [(String, Int64, Bool)])
  func clientsMayAsk(directive: String, seconds: Int64, isGiven: Bool) throws {
    let (kept, wish) = (["Cache-Control: max-age=10"], ["Cache-Control: \(directive)"])
    let setting: [String: ConfigNode.Value] = ["stale_if_error": .text("10s")]
    #expect(try helps(kept, after: seconds, Self.origin, request: wish) == isGiven)
    #expect(try !helps(kept, after: seconds, Self.ttl, request: wish))
    let bounded = Self.ttl.merging(setting) { $1 }
    #expect(try helps(kept, after: seconds, bounded, request: wish) == (isGiven && seconds < 10))
    let unheard: [String: ConfigNode.Value] = ["honour": .list([])]
    #expect(try !helps(kept, after: seconds, Self.origin.merging(unheard) { $1 }, request: wish))
  }

  /// A client that says how fresh an answer has to be gets none that is less.
  @Test(arguments: ["no-cache", "max-age=5", "min-fresh=1"]) func particularClients(directive: String) throws {
    let settings = Self.origin.merging(["stale_if_error": .text("1m")]) { $1 }
    #expect(try !helps(["Cache-Control: max-age=10"], settings, request: ["Cache-Control: \(directive)"]))
  }

  /// Section 4.4: what was changed meanwhile is not given.
  @Test func invalidated() throws {
    let cache = try CacheHarness(Self.ttl.merging(["stale_if_error": .text("1m")]) { $1 })
    _ = try cache.run(get(cache), body: "first")
    cache.seconds(11)
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    _ = try cache.run(cache.bench.exchange("PUT /me HTTP/1.1"))
    #expect(cache.fail(exchange) == nil)
  }

  /// What is kept for a token is not given longer than that is good.
  @Test func endsWithItsToken() throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "stale_if_error": .text("1m")])
    let expiry = cache.bench.clock.wall() + 15_000_000_000
    func get() throws -> Exchange { try cache.bench.exchange(identity: .sample(1, expiry: expiry)) }
    _ = try cache.run(get(), body: "first")
    cache.seconds(14)
    #expect(try cache.run(get(), body: "trouble", status: 503).body == "first")
    cache.seconds(1)
    #expect(try cache.run(get(), body: "trouble", status: 503).body == "trouble")
  }

  /// A kept error is none that helps, and a kept part or HEAD is judged as ever.
  @Test func conditionsAndHead() throws {
    let cache = try CacheHarness(Self.origin)
    let fields = ["Cache-Control: max-age=10, stale-if-error=20", "ETag: \"v1\""]
    _ = try cache.run(get(cache), fields: fields, body: "first")
    cache.seconds(12)
    #expect(try cache.run(get(cache, ["If-None-Match: \"v1\""]), status: 503).status == 304)
    #expect(try cache.run(get(cache, ["Range: bytes=0-1"]), status: 503).body == "fi")
    #expect(try cache.run(get(cache, [], "HEAD"), status: 503).status == 200)
  }
}
