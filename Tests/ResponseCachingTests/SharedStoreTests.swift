import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// One store serves all settings, and what was kept by one rule is never given by another.
@Suite struct SharedStoreTests {
  private let bench = Bench()

  private func filter(_ values: [String: ConfigNode.Value]) throws -> CacheFilter {
    let plugin: ResponseCachingPlugin = try bench.plugin(values)
    return try #require(plugin.makeFilter(on: bench.loop) as? CacheFilter)
  }

  private func isHit(_ filter: CacheFilter, _ line: String = "GET /a HTTP/1.1") throws -> Bool {
    if case .reply = filter.lookup(try bench.exchange(line, identity: .sample(1))) { true } else { false }
  }

  /// Asks the origin with a filter, whose answer is kept.
  private func fill(_ filter: CacheFilter, _ line: String = "GET /a HTTP/1.1", status: Int = 200) throws {
    let exchange = try bench.exchange(line, identity: .sample(1))
    _ = filter.lookup(exchange)
    var bytes = ByteBuffer(
      string: "HTTP/1.1 \(status) X\r\nContent-Length: 1\r\nCache-Control: public, max-age=60\r\n\r\n")
    var parser = ResponseHeadParser()
    #expect(try parser.parse(&bytes, into: &exchange.response, requestMethod: exchange.request.method))
    filter.response(exchange)
    guard filter.storeHead(exchange) else { return }
    filter.storeBody(exchange, ByteBuffer(string: "x"))
    filter.storeEnd(exchange, complete: true)
  }

  /// Every setting that decides what is kept, for whom and for how long.
  private static let rules: [[String: ConfigNode.Value]] = [
    ["ttl": .text("10s")], ["ttl": .text("11s")], ["ttl": .text("10s"), "share": .text("token")],
    ["ttl": .text("10s"), "share": .text("scopes")], ["ttl": .text("10s"), "share": .text("domain")],
    ["ttl": .text("10s"), "share": .text("public")], ["ttl": .text("10s"), "override": .text("max-age")],
    ["ttl": .text("10s"), "override": .text("no-store")],
    ["ttl": .text("10s"), "override": .list(["no-store", "max-age"])], ["ttl": .text("10s"), "query": .text("a")],
    ["ttl": .text("10s"), "query": .list(["a", "b"])], ["ttl": .text("10s"), "headers": .list([])],
    ["ttl": .text("10s"), "headers": .list(["accept"])], ["respect": .text("origin")],
    ["respect": .text("origin"), "share": .text("token")], ["respect": .text("origin"), "heuristic": .text("1s")],
    ["respect": .text("origin"), "longest": .text("10s")], ["respect": .text("origin"), "drop": .list(["x-a"])],
    ["respect": .text("origin"), "targeted": .list(["x-a"])], ["ttl": .text("10s"), "stale_if_error": .text("1m")],
    ["ttl": .text("10s"), "stale_while_revalidate": .text("1m")], ["ttl": .text("10s"), "revalidate": .text("false")],
    ["ttl": .text("10s"), "tags": .list(["a"])], ["ttl": .text("10s"), "tag_fields": .list(["cache-tag"])],
    ["ttl": .text("10s"), "tag_fields": .list(["cache-tag"]), "keep_tag_fields": .text("true")],
    ["ttl": .text("10s"), "most_tags": .text("3")],
  ]

  @Test func noRuleGivesWhatAnotherKept() throws {
    for (number, rule) in Self.rules.enumerated() {
      try fill(try filter(rule))
      #expect(try isHit(filter(rule)), "\(rule)")
      for other in Self.rules[(number + 1)...] { #expect(try !isHit(filter(other)), "\(rule) and \(other)") }
    }
  }

  /// What only says how requests are judged, or how much is kept, makes no other answers.
  @Test func otherSettingsShareWhatIsKept() throws {
    try fill(try filter(["ttl": .text("10s")]))
    for (key, value) in ["honour": "no-store", "variants": "2", "max_object": "2MB", "coalesce": "off", "purges": "a"] {
      #expect(try isHit(filter(["ttl": .text("10s"), key: .text(value)])), "\(key)")
    }
  }

  @Test func aChangeIsOneForAllRules() throws {
    let rules = try [filter(["ttl": .text("10s")]), filter(["ttl": .text("20s")])]
    for rule in rules { try fill(rule) }
    try fill(rules[0], "POST /a HTTP/1.1")
    for rule in rules { #expect(try !isHit(rule)) }
  }

  /// Equal settings of a later configuration find what an earlier one has kept; other bounds are taken over.
  @Test func whatIsKeptOutlivesAConfiguration() throws {
    try fill(try filter(["ttl": .text("10s")]))
    let later = Bench(cacheBounds: CacheBounds(size: 2 << 20, domain: 10), services: bench.environment.services)
    let plugin: ResponseCachingPlugin = try later.plugin(["ttl": .text("10s"), "max_object": .text("64KB")])
    let filter = try #require(plugin.makeFilter(on: later.loop) as? CacheFilter)
    #expect(try isHit(filter))
  }

  @Test(arguments: [CacheBounds(size: 3 << 20, domain: 50), CacheBounds(size: 8 << 20, domain: 12)])
  func anObjectIsNoLargerThanItsShare(bounds: CacheBounds) {
    let small = Bench(cacheBounds: bounds)
    #expect {
      let _: ResponseCachingPlugin = try small.plugin(["ttl": .text("10s")])
    } throws: { error in
      "\(error)".contains("cache.max_object") && "\(error)".contains("stores.cache")
    }
  }
}

/// The bounds of `stores.cache`, through a real socket.
@Suite struct StoreSocketTests {
  @Test func theConfiguredSizeHolds() async throws {
    let body = String(repeating: "x", count: 20_000)
    let origin = try await ScriptedOrigin.answering(
      "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", recording: RequestLog())
    defer { origin.stop() }
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      stores: { cache: { size: 1MB, domain: 80% } }
      domain_from: [host]
      domains:
        - name: gateway.test
          upstream: origin
          use: [{ cache: { ttl: 1h, share: public, max_object: 64KB } }]
      """
    try await TestGateway.with(yaml, plugins: [ResponseCachingPlugin.self]) { gateway in
      func shown(_ name: String) -> Int64? {
        gateway.pluginCounters.gaugeSnapshot().first { $0.key.name == name }?.value
      }
      try await RawConnection.with(port: gateway.port) { connection in
        func ask(_ path: String) async throws -> String {
          try await connection.send("GET \(path) HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
          let message = try #require(await connection.receiveMessage())
          #expect(message.content.count == body.utf8.count)
          return message.head
        }
        for _ in 0..<3 { _ = try await ask("/wanted") }
        for number in 0..<120 { _ = try await ask("/\(number)") }
        #expect(try await ask("/wanted").contains("gatehouse; hit"))
        var hits = 0
        for number in 0..<120 where try await ask("/\(number)").contains("gatehouse; hit") { hits += 1 }
        #expect((10...60).contains(hits))
      }
      #expect((1...(1 << 20)).contains(shown("gatehouse_cache_bytes") ?? 0))
      #expect((10...60).contains(shown("gatehouse_cache_entries") ?? 0))
    }
  }
}
