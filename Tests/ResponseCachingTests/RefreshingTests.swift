import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// Stale answers are given while the origin is asked: RFC 5861 section 3, within RFC 9111 section 4.2.4.
@Suite struct RefreshingTests {
  private static let origin: [String: ConfigNode.Value] = ["respect": .text("origin"), "share": .text("domain")]
  private static let ttl: [String: ConfigNode.Value] = ["ttl": .text("10s"), "share": .text("domain")]

  private func get(_ cache: CacheHarness, _ fields: [String] = [], _ method: String = "GET") throws -> Exchange {
    try cache.bench.exchange("\(method) /me HTTP/1.1", fields)
  }

  /// The exchange that the engine makes of one that wants it.
  private func detached(_ cache: CacheHarness, of exchange: Exchange) throws -> Exchange {
    let detached = try get(cache)
    detached.reset()
    detached.repeatRequest(of: exchange)
    return detached
  }

  /// Whether what was kept with these fields is given stale so many seconds after its freshness.
  private func isGiven(
    _ fields: [String], after seconds: Int64 = 5, _ settings: [String: ConfigNode.Value], request: [String] = []
  ) throws -> Bool {
    let cache = try CacheHarness(settings)
    _ = try cache.run(get(cache), fields: fields, body: "first")
    cache.seconds(10 + seconds)
    let exchange = try get(cache, request)
    let isHit = cache.begin(exchange) != nil
    #expect(exchange.wantsRefresh == isHit)
    return isHit
  }

  @Test func givesAndAsks() throws {
    let cache = try CacheHarness(Self.origin)
    let fields = ["Cache-Control: max-age=10, stale-while-revalidate=20", "ETag: \"v1\""]
    _ = try cache.run(get(cache), fields: fields, body: "first")
    cache.seconds(12)
    let exchange = try get(cache, ["Range: bytes=0-1", "If-None-Match: \"v0\"", "Cache-Control: max-stale"])
    let stale = try #require(cache.begin(exchange))
    #expect(
      stale.isHit && stale.body == "fi" && stale.fields.contains("Age: 12\r\nCache-Status: gatehouse; hit; ttl=-2"))
    // max-stale would have been reason enough, without the origin being asked.
    #expect(!exchange.wantsRefresh)
    let other = try get(cache, ["Range: bytes=0-1", "If-None-Match: \"v0\""])
    #expect(cache.begin(other)?.body == "fi" && other.wantsRefresh)
    let own = try detached(cache, of: other)
    #expect(own.isDetached && cache.begin(own) == nil)
    own.request.block.remove(own.requestAdditions.names)
    #expect(own.request.block.first(.range) == nil && own.request.block.first(.ifNoneMatch) == nil)
    #expect(
      String(decoding: own.requestAdditions.lines.readableBytesView, as: UTF8.self).contains("If-None-Match: \"v1\""))
    // One at a time, and one that ended without use is not followed at once.
    let next = try get(cache)
    #expect(cache.begin(next)?.isHit == true && !next.wantsRefresh)
    #expect(try cache.begin(detached(cache, of: other))?.status == 504)
    own.reset()
    #expect(cache.begin(next)?.isHit == true && !next.wantsRefresh)
    cache.seconds(1)
    let later = try get(cache)
    #expect(cache.begin(later)?.isHit == true && later.wantsRefresh)
    let second = try detached(cache, of: later)
    #expect(cache.begin(second) == nil)
    _ = try cache.head(second, fields: ["Cache-Control: max-age=30"], status: 304)
    #expect(try cache.run(get(cache)).fields.contains("hit; ttl=30\r\n"))
  }

  /// Sections 5.2.2.2, 5.2.2.4, 5.2.2.8 and 5.2.2.10 of RFC 9111 forbid it.
  @Test func whatForbids() throws {
    let setting: [String: ConfigNode.Value] = ["stale_while_revalidate": .text("1m")]
    #expect(try isGiven(["Cache-Control: max-age=10"], Self.origin.merging(setting) { $1 }))
    for directive in ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"] {
      let fields = ["Cache-Control: max-age=10, stale-while-revalidate=60, \(directive)", "ETag: \"v1\""]
      #expect(try !isGiven(fields, Self.origin.merging(setting) { $1 }), "\(directive)")
      #expect(try !isGiven(fields, Self.ttl.merging(setting) { $1 }), "\(directive)")
    }
  }

  @Test func whoseWordCounts() throws {
    let setting: [String: ConfigNode.Value] = ["stale_while_revalidate": .text("10s")]
    for (settings, said, seconds, isGiven) in [
      (Self.origin, "", 1, false), (Self.origin, ", stale-while-revalidate=3", 2, true),
      (Self.origin, ", stale-while-revalidate=3", 3, false), (Self.ttl, ", stale-while-revalidate=60", 1, false),
      (Self.ttl.merging(setting) { $1 }, "", 9, true), (Self.ttl.merging(setting) { $1 }, "", 10, false),
      (Self.ttl.merging(setting) { $1 }, ", stale-while-revalidate=3", 5, false),
      (Self.origin.merging(setting) { $1 }, ", stale-while-revalidate=60", 50, true),
    ] as [([String: ConfigNode.Value], String, Int64, Bool)] {
      #expect(
        try self.isGiven(["Cache-Control: max-age=10\(said)"], after: seconds, settings) == isGiven,
        "\(said) \(seconds)")
    }
  }

  /// RFC 9213 section 2.2.
  @Test func targetedFieldsSayIt() throws {
    let settings = Self.origin.merging(["targeted": .list(["cdn-cache-control"])]) { $1 }
    let targeted = "CDN-Cache-Control: max-age=10, stale-while-revalidate="
    #expect(try isGiven([targeted + "20"], settings))
    #expect(try !isGiven([targeted + "3", "Cache-Control: max-age=10, stale-while-revalidate=60"], settings))
  }

  @Test(arguments: ["no-cache", "max-age=5", "min-fresh=1"]) func particularClients(directive: String) throws {
    let settings = Self.origin.merging(["stale_while_revalidate": .text("1m")]) { $1 }
    #expect(try !isGiven(["Cache-Control: max-age=10"], settings, request: ["Cache-Control: \(directive)"]))
  }

  /// A HEAD that is answered with a stale answer has the origin asked too, by the GET that alone can bring a fresh one.
  @Test func head() throws {
    let cache = try CacheHarness(Self.ttl.merging(["stale_while_revalidate": .text("1m")]) { $1 })
    _ = try cache.run(get(cache), body: "first")
    cache.seconds(11)
    let exchange = try get(cache, [], "HEAD")
    #expect(cache.begin(exchange)?.isHit == true && exchange.wantsRefresh)
    let own = try detached(cache, of: exchange)
    #expect(cache.begin(own) == nil && own.request.method == .get)
    try cache.head(own, fields: ["Content-Length: 6"])
    _ = cache.finish(own, body: "second")
    #expect(try cache.run(get(cache)).body == "second")
  }

  /// What the class of a token keeps ends with the token.
  @Test func endsWithItsToken() throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "stale_while_revalidate": .text("1m")])
    let expiry = cache.bench.clock.wall() + 15_000_000_000
    func get() throws -> Exchange { try cache.bench.exchange(identity: .sample(1, expiry: expiry)) }
    _ = try cache.run(get(), body: "first")
    cache.seconds(14)
    #expect(try cache.begin(get())?.isHit == true)
    cache.seconds(1)
    #expect(try cache.begin(get()) == nil)
  }
}
