import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import NIOEmbedded
import Testing

@testable import ResponseCaching

/// Notes which exchanges go on, as the engine would be told.
private final class Turns: ExchangeDriver {
  private(set) var resumed: [Exchange] = []

  func resumed(_ exchange: Exchange, _ continuation: Continuation) { resumed.append(exchange) }
}

/// An exchange ends when its connection lets go of it; here none does by itself.
private final class Running {
  var exchanges: [Exchange] = []
}

/// Requests that want the same answer wait for one of them.
@Suite struct CoalescingTests {
  private static let fresh = ["Cache-Control: max-age=60"]
  private let cache: CacheHarness
  private let turns = Turns()
  private let running = Running()

  init() throws { cache = try Self.make() }

  private static func make(_ settings: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(["respect": .text("origin"), "share": .text("token")].merging(settings) { $1 })
  }

  private func get(_ fields: [String] = [], _ line: String = "GET /me HTTP/1.1", caller: UInt64 = 1) throws -> Exchange
  {
    let exchange = try cache.bench.exchange(line, fields, identity: .sample(caller))
    exchange.driver = turns
    running.exchanges.append(exchange)
    return exchange
  }

  /// Whether the request goes on to the origin; nil when it waits.
  private func begin(_ exchange: Exchange) -> Bool? {
    switch cache.filter.lookup(exchange) {
    case .next: true
    case .reply: false
    case .wait: nil
    }
  }

  private func released() -> [Exchange] {
    cache.bench.eventLoop.run()
    return turns.resumed
  }

  @Test func oneAsksForAll() throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try (0..<5).map { _ in try get() }
    for exchange in waiting { #expect(begin(exchange) == nil) }
    try cache.head(leader, fields: Self.fresh + ["Content-Length: 4"])
    #expect(released().isEmpty)
    _ = cache.finish(leader, body: "body")
    #expect(Set(released().map(ObjectIdentifier.init)) == Set(waiting.map(ObjectIdentifier.init)))
    for exchange in waiting {
      let answer = try #require(cache.begin(exchange))
      #expect(answer.isHit && answer.body == "body" && answer.cacheResult == "collapsed")
      #expect(answer.fields.contains("Age: 0\r\nCache-Status: gatehouse; fwd=miss; collapsed\r\n"))
    }
  }

  /// What cannot be kept is its request's alone, and the rest go on at once, when only the head has come.
  @Test(arguments: [["Cache-Control: no-store"], ["Vary: *"], ["Cache-Control: max-age=0", "ETag: \"1\""]])
  func unstorable(fields: [String]) throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try [get(), get()]
    for exchange in waiting { #expect(begin(exchange) == nil) }
    try cache.head(leader, fields: fields + ["Content-Length: 4"])
    #expect(released().count == 2)
    for exchange in waiting {
      let answer = try cache.run(exchange, fields: fields, body: "own")
      #expect(!answer.isHit && answer.body == "own" && answer.fields.contains("; collapsed=?0\r\n"))
    }
    // The next one does not wait either, as long as that is remembered.
    #expect(try begin(get()) == true)
    #expect(try begin(get()) == true)
  }

  /// A body that turns out to be too long.
  @Test func tooLong() throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try get()
    #expect(begin(waiting) == nil)
    try cache.head(leader, fields: Self.fresh + ["Transfer-Encoding: chunked"])
    #expect(cache.filter.storeHead(leader))
    cache.filter.storeBody(leader, ByteBuffer(repeating: 1, count: (1 << 20) + 1))
    #expect(released().contains { $0 === waiting })
  }

  @Test func anotherLeadsWhenTheFirstIsGone() throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try (0..<3).map { _ in try get() }
    for exchange in waiting { #expect(begin(exchange) == nil) }
    // One who waits and leaves is not asked.
    waiting[0].reset()
    leader.reset()
    #expect(released().count == 1 && turns.resumed.first === waiting[1])
    #expect(begin(waiting[1]) == true)
    _ = try cache.finishWhole(waiting[1], fields: Self.fresh)
    #expect(released().count == 2 && turns.resumed.last === waiting[2])
    #expect(try #require(cache.begin(waiting[2])).isHit)
  }

  /// One asks after the other, however many fail; who has waited for as long as it may asks beside them.
  @Test func leadersThatFail() throws {
    let exchanges = try (0..<10).map { _ in try get() }
    #expect(begin(exchanges[0]) == true)
    for exchange in exchanges[1...] { #expect(begin(exchange) == nil) }
    for number in 0..<8 {
      exchanges[number].reset()
      #expect(released().count == number + 1 && turns.resumed.last === exchanges[number + 1])
      #expect(begin(exchanges[number + 1]) == true)
    }
    exchanges[9].cancelSuspension()
    #expect(begin(exchanges[9]) == true)
    exchanges[8].reset()
    #expect(released().count == 8)
    #expect(try begin(get()) == true)
  }

  @Test func slowLeaders() throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let (first, second) = (try get(), try get())
    #expect(begin(first) == nil && begin(second) == nil)
    #expect(first.longestWait == 1_000_000_000 && first.asksAgainLate)
    // The engine asks again when the time is over.
    first.cancelSuspension()
    #expect(begin(first) == true)
    // The next one takes the lead, once: later ones wait for it.
    let leads = try get()
    #expect(begin(leads) == true)
    #expect(try begin(get()) == nil)
    // Who waits already does so for as long as it may, and takes what the slow one brings.
    _ = try cache.finishWhole(leader, fields: Self.fresh)
    #expect(released().count == 2 && turns.resumed.contains { $0 === second })
    #expect(try #require(cache.begin(second)).isHit)
  }

  /// One request for each `wait`, however many wait: those who have waited for the slow one say nothing of the next.
  @Test func oneTakesTheLeadForAll() throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try (0..<3).map { _ in try get() }
    for exchange in waiting { #expect(begin(exchange) == nil) }
    var leaders = 0
    for exchange in waiting {
      exchange.cancelSuspension()
      #expect(begin(exchange) == true)
      for _ in 0..<2 where try begin(get()) == true { leaders += 1 }
    }
    #expect(leaders == 1)
  }

  /// An origin that cannot keep up is not asked by all who wait at once, nor is it remembered as one that keeps nothing.
  @Test(arguments: [429, 500, 502, 503, 504]) func troubleOfTheOrigin(status: Int) throws {
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try (0..<6).map { _ in try get() }
    for exchange in waiting { #expect(begin(exchange) == nil) }
    var asking = leader
    for number in waiting.indices {
      try cache.head(asking, fields: ["Content-Length: 4", "Retry-After: 1"], status: status)
      #expect(released().count == number + 1)
      asking = waiting[number]
      #expect(begin(asking) == true)
    }
    try cache.head(asking, fields: ["Content-Length: 4"], status: status)
    #expect(try begin(get()) == true)
    #expect(try begin(get()) == nil)
  }

  /// A body that was collected and is too large for the store after all.
  @Test func tooLargeForTheStore() throws {
    let bounds = CacheBounds(size: 1 << 20, domain: 5)
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")], bounds: bounds)
    func get() throws -> Exchange {
      let exchange = try cache.bench.exchange()
      exchange.driver = turns
      running.exchanges.append(exchange)
      return exchange
    }
    let body = String(repeating: "x", count: 100_000)
    let leader = try get()
    #expect(cache.begin(leader) == nil)
    let waiting = try get()
    guard case .wait = cache.filter.lookup(waiting) else { Issue.record("does not wait"); return }
    try cache.head(leader, fields: Self.fresh + ["Content-Length: \(body.utf8.count)"])
    _ = cache.finish(leader, body: body)
    cache.bench.eventLoop.run()
    #expect(turns.resumed.count == 1)
    #expect(try cache.run(waiting, fields: Self.fresh).fields.contains("collapsed=?0"))
  }

  /// That other bodies take all room is over soon, and no reason not to wait for the next one.
  @Test func lackOfRoomIsNotRemembered() throws {
    let cache = try CacheHarness(
      ["respect": .text("origin"), "share": .text("token")], bounds: CacheBounds(size: 1 << 20))
    let slow = cache.store.room.share(of: UnsafeRawBufferPointer(start: nil, count: 0))
    let size = (1 << 20) / 4
    #expect(slow.take(size, beside: 0))
    func get() throws -> Exchange {
      let exchange = try cache.bench.exchange(identity: .sample(1))
      exchange.driver = turns
      running.exchanges.append(exchange)
      return exchange
    }
    let answer = try cache.run(get(), fields: Self.fresh)
    #expect(!answer.fields.contains("stored"))
    let rejected = cache.bench.environment.counters.snapshot().first {
      $0.key.name == "gatehouse_cache_rejected_total" && $0.key.labels.contains("room")
    }
    #expect(rejected?.value == 1)
    slow.giveBack(size)
    let leader = try get()
    #expect(cache.begin(leader) == nil)
    guard case .wait = cache.filter.lookup(try get()) else { Issue.record("does not wait"); return }
    #expect(try cache.run(cache.bench.exchange(identity: .sample(2)), fields: Self.fresh).fields.contains("stored"))
  }

  /// Each is judged anew by its own fields.
  @Test func ownVary() throws {
    let leader = try get(["X-V: 1"])
    #expect(begin(leader) == true)
    let others = try [get(["X-V: 2"]), get(["X-V: 2"]), get(["X-V: 1"])]
    for exchange in others { #expect(begin(exchange) == nil) }
    _ = try cache.finishWhole(leader, fields: Self.fresh + ["Vary: X-V"])
    #expect(released().count == 3)
    #expect(begin(others[0]) == true && begin(others[1]) == nil && begin(others[2]) == false)
    _ = try cache.finishWhole(others[0], fields: Self.fresh + ["Vary: X-V"])
    #expect(released().count == 4)
    #expect(try #require(cache.begin(others[1])).fields.contains("fwd=miss; collapsed"))
  }

  /// Another token, another path, another query: other answers.
  @Test func nobodyWaitsForAnothers() throws {
    #expect(try begin(get()) == true)
    #expect(try begin(get(caller: 2)) == true)
    #expect(try begin(get([], "GET /you HTTP/1.1")) == true)
    #expect(try begin(get([], "GET /me?a HTTP/1.1")) == true)
    #expect(try begin(get(["Accept: text/plain"])) == true)
    // Who wants its own answer has it.
    for directive in ["no-cache", "no-store"] { #expect(try begin(get(["Cache-Control: \(directive)"])) == true) }
    #expect(try begin(get(["Cache-Control: only-if-cached"])) == false)
    #expect(try begin(get()) == nil)
  }

  /// What comes of these cannot be kept, so nobody waits for it.
  @Test func whoMayNotLead() throws {
    for (line, field) in [
      ("HEAD /me HTTP/1.1", "X: 1"), ("GET /me HTTP/1.1", "Range: bytes=0-1"), ("GET /me HTTP/1.1", "If-None-Match: *"),
    ] {
      #expect(try begin(get([field], line)) == true)
    }
    #expect(try begin(get()) == true)
    let head = try get([], "HEAD /me HTTP/1.1")
    #expect(begin(head) == nil)
    let next = try get()
    #expect(begin(next) == nil)
    // Nor does it when its turn comes.
    running.exchanges[3].reset()
    #expect(released().count == 1 && turns.resumed.first === next)
    #expect(begin(next) == true)
    _ = try cache.finishWhole(next, fields: Self.fresh)
    #expect(released().count == 2)
    #expect(begin(head) == false)
  }

  /// A HEAD about a kept answer brings nothing for a GET when that turns out to be another.
  @Test func headsDoNotLeadWhenTheyValidate() throws {
    _ = try cache.run(get(), fields: ["Cache-Control: max-age=5", "ETag: \"1\""])
    cache.seconds(6)
    #expect(try begin(get([], "HEAD /me HTTP/1.1")) == true)
    #expect(try begin(get()) == true)
    #expect(try begin(get([], "HEAD /me HTTP/1.1")) == nil)
  }

  /// What a HEAD or a part says does not keep others from waiting.
  @Test func headsDoNotTellWhatCanBeKept() throws {
    _ = try cache.run(get([], "HEAD /me HTTP/1.1"), fields: Self.fresh)
    _ = try cache.run(get(["Range: bytes=0-1"]), fields: Self.fresh, status: 206)
    #expect(try begin(get()) == true)
    #expect(try begin(get()) == nil)
  }

  @Test func oneValidatesForAll() throws {
    _ = try cache.run(get(), fields: ["Cache-Control: max-age=5, stale-if-error=60", "ETag: \"1\""], body: "kept")
    cache.seconds(6)
    let leader = try get()
    #expect(begin(leader) == true)
    let waiting = try get()
    #expect(begin(waiting) == nil)
    #expect(try cache.head(leader, fields: [], status: 304)?.body == "kept")
    #expect(released().count == 1)
    #expect(try #require(cache.begin(waiting)).fields.contains("gatehouse; fwd=stale; collapsed\r\n"))
    // And one fails for all.
    cache.seconds(6)
    let second = try get()
    #expect(begin(second) == true)
    let other = try get()
    #expect(begin(other) == nil)
    #expect(cache.fail(second)?.body == "kept")
    #expect(released().count == 2)
    #expect(try #require(cache.begin(other)).body == "kept")
  }

  @Test func settings() throws {
    #expect(try CacheSettings.decoded("share", "token").coalescing == CacheSettings.Coalescing())
    #expect(try CacheSettings.decoded("coalesce", "off").coalescing == nil)
    _ = try FilterHarness(ResponseCachingPlugin.self, settings: "{ ttl: 1s, coalesce: { wait: 2s, most: 7 } }")
    for (wrong, place) in [
      ("coalesce: { wait: 10ms }", "coalesce.wait"), ("coalesce: { most: 0 }", "coalesce.most"),
      ("coalesce: { waits: 1s }", "coalesce.waits"), ("stale_if_error: 31d", "stale_if_error"),
      ("stale_while_revalidate: -1s", "stale_while_revalidate"), ("revalidate: perhaps", "revalidate"),
    ] {
      let error = #expect(throws: ConfigurationError.self) {
        try FilterHarness(ResponseCachingPlugin.self, settings: "{ ttl: 1s, \(wrong) }")
      }
      #expect(error?.issues.count == 1 && error?.issues.first?.path.hasSuffix(place) == true, "\(wrong)")
    }
    for wrong in ["1s", "maybe"] {
      #expect(throws: ConfigurationError.self) { try CacheSettings.decoded("coalesce", wrong) }
    }
  }
}

extension CacheSettings {
  fileprivate static func decoded(_ key: String, _ value: String) throws -> CacheSettings {
    try Bench().settings(["ttl": .text("1s"), key: .text(value)])
  }
}

extension CacheHarness {
  /// The origin's whole answer.
  fileprivate func finishWhole(_ exchange: Exchange, fields: [String]) throws -> Answer {
    try head(exchange, fields: fields + ["Content-Length: 4"])
    return finish(exchange, body: "body")
  }
}
