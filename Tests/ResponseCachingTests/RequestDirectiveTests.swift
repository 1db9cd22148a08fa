import GatewayKit
import GatewayTesting
import Testing

@testable import ResponseCaching

/// What clients may ask of the cache (RFC 9111 section 5.2.1), and what they get when it is stale (section 4.2.4).
@Suite struct RequestDirectiveTests {
  /// A cache with an answer that was fresh for 10 s and is this old.
  private func cache(
    age: Int64, _ directives: String = "max-age=10", _ more: [String: ConfigNode.Value] = [:]
  ) throws -> CacheHarness {
    let cache = try CacheHarness(more.merging(["respect": .text("origin"), "share": .text("domain")]) { $1 })
    _ = try cache.run(cache.bench.exchange(identity: .sample(1)), fields: ["Cache-Control: \(directives)"], body: "old")
    cache.seconds(age)
    return cache
  }

  private func ask(_ cache: CacheHarness, _ directives: String) throws -> CacheHarness.Answer {
    let fields = directives.isEmpty ? [] : ["Cache-Control: \(directives)"]
    return try cache.run(cache.bench.exchange("GET /me HTTP/1.1", fields, identity: .sample(1)), body: "new")
  }

  /// Sections 5.2.1.1, 5.2.1.3 and 5.2.1.4.
  @Test(
    arguments: [
      ("max-age=5", true), ("max-age=4", false), ("min-fresh=5", true), ("min-fresh=6", false), ("no-cache", false),
      ("max-age=x", false), ("min-fresh=x", false), ("max-age=0, max-stale", false), ("only-if-cached", true),
      ("", true),
      ("min-fresh=99999999999999999999", false),
    ] as [(String, Bool)])
  func fresh(directives: String, isHit: Bool) throws {
    let answer = try ask(cache(age: 5), directives)
    #expect(answer.isHit == isHit)
    #expect(isHit || answer.fields.contains("Cache-Status: gatehouse; fwd=request"))
  }

  /// Section 5.2.1.2: a stale answer only to who takes one, and only so stale.
  @Test(
    arguments: [
      ("", false), ("max-stale", true), ("max-stale=3", true), ("max-stale=2", false), ("max-stale=x", false),
      ("max-stale, max-age=12", false), ("max-stale, max-age=13", true), ("max-stale, min-fresh=1", false),
      ("max-stale, no-cache", false), ("only-if-cached, max-stale", true),
    ] as [(String, Bool)])
  func stale(directives: String, isHit: Bool) throws {
    let answer = try ask(cache(age: 13), directives)
    #expect(answer.isHit == isHit)
    if isHit { #expect(answer.fields.contains("Age: 13\r\nCache-Status: gatehouse; hit; ttl=-3\r\n")) }
  }

  /// Sections 5.2.2.2, 5.2.2.8 and 5.2.2.10: these are never given stale.
  @Test(arguments: ["max-age=10, must-revalidate", "max-age=10, proxy-revalidate", "s-maxage=10"])
  func neverStale(directives: String) throws {
    #expect(try ask(cache(age: 9, directives), "max-stale").isHit)
    let cache = try cache(age: 10, directives)
    #expect(try ask(cache, "max-stale, only-if-cached").status == 504)
    #expect(try !ask(cache, "max-stale").isHit)
  }

  /// Nor what ended because the organisation or the token's end said so.
  @Test func neverStaleBeyondOurOwnBounds() throws {
    #expect(try !ask(cache(age: 6, "max-age=10", ["longest": .text("5s")]), "max-stale").isHit)
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("token")])
    let user = Identity.sample(1, expiry: cache.bench.clock.wall() + 5_000_000_000)
    _ = try cache.run(cache.bench.exchange(identity: user), fields: ["Cache-Control: max-age=10"])
    cache.seconds(6)
    #expect(
      try !cache.run(cache.bench.exchange("GET /me HTTP/1.1", ["Cache-Control: max-stale"], identity: user)).isHit)
  }

  @Test func nothingStaleAfterAChange() throws {
    let cache = try cache(age: 13)
    _ = try cache.run(cache.bench.exchange("PUT /me HTTP/1.1", identity: .sample(1)))
    #expect(try !ask(cache, "max-stale").isHit)
  }

  /// Section 5.2.1.7.
  @Test func onlyIfCached() throws {
    let cache = try cache(age: 13)
    #expect(try ask(cache, "only-if-cached").status == 504)
    #expect(try ask(cache, "only-if-cached, no-cache").status == 504)
  }

  /// Section 5.2.1.5: neither this request's answer nor any part of it is kept.
  @Test func noStore() throws {
    let cache = try cache(age: 13)
    #expect(try ask(cache, "no-store").cacheResult == "bypass")
    #expect(try ask(cache, "\"unreadable").cacheResult == "bypass")
    #expect(try ask(cache, "only-if-cached").status == 504)
  }

  /// Section 5.4.
  @Test func pragma() throws {
    let cache = try cache(age: 5)
    func ask(_ fields: [String]) throws -> Bool {
      try cache.run(
        cache.bench.exchange("GET /me HTTP/1.1", fields, identity: .sample(1)), fields: ["Cache-Control: max-age=60"]
      ).isHit
    }
    #expect(try ask(["Pragma: no-cache", "Cache-Control: max-age=50"]))
    #expect(try !ask(["Pragma: no-cache"]))
    for value in ["x-other", "no-cache-please, x=\"no-cache\"", ""] {
      #expect(try ask(["Pragma: \(value)"]), "\(value)")
    }
    for value in ["x-other, No-Cache", "\"no-cache"] { #expect(try !ask(["Pragma: \(value)"]), "\(value)") }
  }

  /// The organisation decides which of them its clients may use.
  @Test(arguments: ["no-cache", "no-store", "max-age=0", "min-fresh=60"])
  func onlyWhatIsHonoured(directive: String) throws {
    let none: [String: ConfigNode.Value] = ["honour": .list([])]
    #expect(try ask(cache(age: 5, "max-age=10", none), directive).isHit)
    #expect(try !ask(cache(age: 13, "max-age=10", none), "max-stale, \(directive)").isHit)
    #expect(try ask(cache(age: 13, "max-age=10", none), "only-if-cached").body == "new")
  }
}
