import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// What came of requests, as operators see it: each is counted once.
@Suite struct UsesTests {
  private let cache: CacheHarness
  private static let fields = [
    "Cache-Control: max-age=10, stale-if-error=60, stale-while-revalidate=5", "ETag: \"v1\"",
  ]

  /// A cache with one answer that was a miss.
  init() throws {
    cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
    _ = try cache.run(get(), fields: Self.fields)
    expect(misses: 1)
  }

  private func get(_ fields: [String] = [], _ line: String = "GET /me HTTP/1.1") throws -> Exchange {
    try cache.bench.exchange(line, fields)
  }

  private func expect(
    hits: UInt64 = 0, stale: UInt64 = 0, validations: UInt64 = 0, misses: UInt64 = 0,
    at place: SourceLocation = #_sourceLocation
  ) {
    var expected = CacheUses()
    (expected.hits, expected.stale) = (hits, stale)
    (expected.validations, expected.misses) = (validations, misses)
    let found = cache.store.inspect(now: 0).domains.first?.part.uses
    #expect(found == expected, sourceLocation: place)
  }

  @Test func freshAnswers() throws {
    for method in ["GET", "HEAD"] { #expect(try cache.run(get([], "\(method) /me HTTP/1.1")).isHit) }
    #expect(try cache.run(get(["If-None-Match: \"v1\""])).status == 304)
    expect(hits: 3, misses: 1)
  }

  /// Who wants the origin's word has no hit, whatever is kept.
  @Test(arguments: ["no-cache", "max-age=1", "min-fresh=9"]) func theOriginsWord(directive: String) throws {
    cache.seconds(2)
    _ = try cache.run(get(["Cache-Control: \(directive)"]), fields: ["Cache-Control: no-store"], status: 404)
    expect(misses: 2)
    let kept = try UsesTests()
    kept.cache.seconds(2)
    #expect(try kept.cache.run(kept.get(["Cache-Control: \(directive)"]), status: 304).isHit)
    kept.expect(validations: 1, misses: 1)
  }

  @Test func staleAnswers() throws {
    cache.seconds(12)
    #expect(try cache.run(get(["Cache-Control: max-stale"])).isHit)
    #expect(try cache.run(get()).isHit)
    expect(stale: 2, misses: 1)
    cache.seconds(10)
    #expect(try cache.run(get(), status: 503).isHit)
    let exchange = try get()
    #expect(cache.begin(exchange) == nil && cache.fail(exchange)?.isHit == true)
    expect(stale: 4, misses: 1)
    #expect(try cache.run(get(), status: 304).isHit)
    expect(stale: 4, validations: 1, misses: 1)
    // Where it does not help, the origin's trouble is all that the client gets.
    cache.seconds(100)
    #expect(try !cache.run(get(), status: 503).isHit)
    expect(stale: 4, validations: 1, misses: 2)
  }

  @Test func onlyIfCached() throws {
    #expect(try cache.run(get(["Cache-Control: only-if-cached"])).isHit)
    #expect(try cache.run(get(["Cache-Control: only-if-cached, no-cache"])).status == 504)
    #expect(try cache.run(get(["Cache-Control: only-if-cached"], "GET /other HTTP/1.1")).status == 504)
    expect(hits: 1, misses: 3)
  }

  /// What goes by the cache is no use of it, nor is the gateway's own request.
  @Test func othersAreNotCounted() throws {
    _ = try cache.run(get(["Cookie: a=b"]))
    _ = try cache.run(cache.bench.exchange("PUT /you HTTP/1.1"))
    cache.seconds(12)
    let stale = try get()
    #expect(cache.begin(stale)?.isHit == true && stale.wantsRefresh)
    let own = try get()
    own.repeatRequest(of: stale)
    #expect(cache.begin(own) == nil)
    _ = try cache.head(own, fields: ["Cache-Control: max-age=10"], status: 304)
    expect(stale: 1, misses: 1)
    // Another has made it fresh meanwhile.
    let late = try get()
    late.repeatRequest(of: stale)
    #expect(cache.begin(late)?.status == 504)
    expect(stale: 1, misses: 1)
  }

  /// Figures outlive the answers that they are about.
  @Test func figuresStay() throws {
    #expect(try cache.run(get()).isHit)
    cache.seconds(12)
    #expect(try cache.run(get()).isHit)
    #expect(cache.store.removeAll { _ in true }.entries == 1)
    expect(hits: 1, stale: 1, misses: 1)
  }
}
