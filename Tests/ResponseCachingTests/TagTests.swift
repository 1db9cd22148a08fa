import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// What tags do: who names them, whom they reach, and what a write makes of them.
@Suite struct TagTests {
  private static let usual: [String: ConfigNode.Value] = [
    "ttl": .text("1h"), "share": .text("token"), "tag_fields": .list(["surrogate-key", "cache-tag"]),
  ]

  private static func harness(_ more: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(usual.merging(more) { $1 })
  }

  private static func get(
    _ cache: CacheHarness, _ path: String = "/a", user: UInt64 = 1, domain: String = "example.com",
    operation: OperationCatalog.Operation? = nil
  ) throws -> Exchange {
    let exchange = try cache.bench.exchange("GET \(path) HTTP/1.1", domain: domain, identity: .sample(user))
    exchange.operation = operation
    return exchange
  }

  private static func write(
    _ cache: CacheHarness, domain: String = "example.com", purges: [String], status: Int = 200
  ) throws {
    let exchange = try cache.bench.exchange("POST /elsewhere HTTP/1.1", domain: domain, identity: .sample(9))
    exchange.operation = operation(purges: purges)
    _ = try cache.run(exchange, status: status)
  }

  private static func operation(tags: [String] = [], purges: [String] = []) -> OperationCatalog.Operation {
    OperationCatalog.Operation(
      id: "x", method: "GET", pathTemplate: "/x", scopes: [], requiresToken: true, deniesOAuth: false, tags: tags,
      purges: purges)
  }

  @Test(
    arguments: [
      (["Surrogate-Key: one two"], "two", true), (["Surrogate-Key: one  two "], "one", true),
      (["Surrogate-Key: one,two"], "two", false), (["Surrogate-Key: one,two"], "one,two", true),
      (["Cache-Tag: one, two"], "two", true), (["Cache-Tag: one two"], "two", false),
      (["Cache-Tag: ,one,,"], "one", true), (["cache-tag: a", "CACHE-TAG: b", "surrogate-key: c"], "b", true),
      (["Surrogate-Key: One"], "one", false), (["X-Tag: one"], "one", false),
    ])
  func theOriginNamesThem(fields: [String], tag: String, isReached: Bool) throws {
    let cache = try Self.harness()
    for user in UInt64(1)...2 { _ = try cache.run(Self.get(cache, user: user), fields: fields) }
    _ = try cache.run(Self.get(cache, "/b"))
    try Self.write(cache, purges: [tag])
    for user in UInt64(1)...2 { #expect(try cache.run(Self.get(cache, user: user)).isHit == !isReached) }
    #expect(try cache.run(Self.get(cache, "/b")).isHit)
  }

  @Test func fieldsAreHeardOnlyWhenNamed() throws {
    let cache = try CacheHarness(["ttl": .text("1h"), "share": .text("token")])
    let exchange = try Self.get(cache)
    _ = try cache.run(exchange, fields: ["Surrogate-Key: one"])
    #expect(exchange.response.block.firstIndex(named: "surrogate-key") != nil)
    try Self.write(cache, purges: ["one"])
    #expect(try cache.run(Self.get(cache)).isHit)
  }

  @Test(arguments: [false, true])
  func clientsDoNotSeeThemUnlessTheyMay(isKept: Bool) throws {
    let cache = try Self.harness(["keep_tag_fields": .text("\(isKept)")])
    let exchange = try Self.get(cache)
    _ = try cache.run(exchange, fields: ["Surrogate-Key: one", "Cache-Tag: two", "X-Other: three"])
    for name in ["surrogate-key", "cache-tag"] {
      #expect((exchange.response.block.firstIndex(named: name) != nil) == isKept)
    }
    let fields = try cache.run(Self.get(cache)).fields.lowercased()
    #expect(fields.contains("surrogate-key") == isKept && fields.contains("x-other"))
    // Also where nothing is kept.
    let failed = try Self.get(cache, "/c")
    _ = try cache.run(failed, fields: ["Surrogate-Key: one"], status: 500)
    #expect((failed.response.block.firstIndex(named: "surrogate-key") != nil) == isKept)
  }

  @Test func settingsAndTheCatalogueNameThem() throws {
    let cache = try Self.harness(["tags": .list(["declared"])])
    let operation = Self.operation(tags: ["of-operation"])
    for tag in ["declared", "of-operation"] {
      _ = try cache.run(Self.get(cache, operation: operation))
      #expect(try cache.run(Self.get(cache, operation: operation)).isHit)
      try Self.write(cache, purges: ["other", tag])
      #expect(try !cache.run(Self.get(cache, operation: operation)).isHit)
    }
  }

  @Test func settingsNameWhatWritesPurge() throws {
    let cache = try Self.harness(["tags": .list(["a"]), "purges": .list(["b", "a"])])
    _ = try cache.run(Self.get(cache))
    try Self.write(cache, purges: [])
    #expect(try !cache.run(Self.get(cache)).isHit)
  }

  /// A hostile domain names the same tags in its answers and its writes.
  @Test func noDomainReachesAnothers() throws {
    let cache = try Self.harness()
    _ = try cache.run(Self.get(cache), fields: ["Surrogate-Key: one"])
    for domain in ["other.example", "example.com.", "example.co", ""] {
      try Self.write(cache, domain: domain, purges: ["one", "mone", "example.comone"])
    }
    #expect(try cache.run(Self.get(cache)).isHit)
  }

  @Test(arguments: [400, 401, 404, 500])
  func failuresOfWritesPurgeNothing(status: Int) throws {
    let cache = try Self.harness()
    _ = try cache.run(Self.get(cache), fields: ["Surrogate-Key: one"])
    try Self.write(cache, purges: ["one"], status: status)
    #expect(try cache.run(Self.get(cache)).isHit)
  }

  /// The tags of an answer are known after the write that they are about: it was on its way already.
  @Test func whatWasOnItsWayIsNotKept() throws {
    let cache = try Self.harness()
    let slow = try Self.get(cache)
    #expect(cache.begin(slow) == nil)
    try Self.write(cache, purges: ["one"])
    try cache.head(slow, fields: ["Content-Length: 3", "Surrogate-Key: one"])
    _ = cache.finish(slow, body: "old")
    #expect(try cache.run(Self.get(cache), body: "new").body == "new")
    #expect(try cache.run(Self.get(cache)).isHit)
  }

  /// A 304 names its tags as a whole answer does; those that were known stay.
  @Test func validatedAnswersKeepTheirTags() throws {
    for (told, purged) in [([], "one"), (["Surrogate-Key: two"], "one"), (["Surrogate-Key: two"], "two")] {
      let cache = try Self.harness()
      _ = try cache.run(Self.get(cache), fields: ["Surrogate-Key: one", "ETag: \"v\""], body: "old")
      cache.seconds(3601)
      let valid = try cache.run(Self.get(cache), fields: told, status: 304)
      #expect(valid.body == "old" && !valid.fields.lowercased().contains("surrogate-key"))
      let hit = try cache.run(Self.get(cache))
      #expect(hit.isHit && !hit.fields.lowercased().contains("surrogate-key"))
      try Self.write(cache, purges: [purged])
      #expect(try cache.run(Self.get(cache), body: "new").body == "new", "\(told) \(purged)")
    }
  }

  /// A purge could not reach what has more tags than are kept.
  @Test func tooManyOrTooLongIsNotKept() throws {
    let cache = try Self.harness(["most_tags": .text("3")])
    for (tags, isKept) in [
      ("a b c", true), ("a b c d", false), ("a a a", true), (String(repeating: "x", count: 257), false),
    ] {
      _ = try cache.run(Self.get(cache, "/\(tags.utf8.count)"), fields: ["Surrogate-Key: \(tags)"])
      #expect(try cache.run(Self.get(cache, "/\(tags.utf8.count)")).isHit == isKept, "\(tags)")
    }
    #expect(
      cache.bench.environment.counters.snapshot().contains {
        $0.key.name == "gatehouse_cache_untaggable_total" && $0.value == 2
      })
  }

  /// What no purge would reach takes no room that others want, and is counted for that reason only.
  @Test func whatIsNotReachedTakesNoRoom() throws {
    let cache = try CacheHarness(
      Self.usual.merging(["most_tags": .text("1")]) { $1 }, bounds: CacheBounds(size: 1 << 20))
    // Another body has all of it.
    let slow = cache.store.room.share(of: UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(slow.take((1 << 20) / 4, beside: 0))
    func counted() -> [String: UInt64] {
      cache.bench.environment.counters.snapshot().reduce(into: [:]) { counted, counter in
        if counter.value > 0 { counted[counter.key.name + counter.key.labels] = UInt64(counter.value) }
      }
    }
    for (tags, name) in [("a b", "untaggable_total"), ("a", "rejected_total")] {
      let before = counted()
      #expect(try !cache.run(Self.get(cache, "/\(tags.utf8.count)"), fields: ["Surrogate-Key: \(tags)"]).isHit)
      let new = counted().filter { before[$0.key] != $0.value && !$0.key.contains("requests_total") }
      #expect(new.count == 1 && new.allSatisfy { $0.key.hasPrefix("gatehouse_cache_\(name)") }, "\(new)")
    }
  }

  /// One 304 after the other names others: what a purge could not reach by all of them goes.
  @Test func tagsDoNotGrowWithoutEnd() throws {
    let cache = try Self.harness(["most_tags": .text("3")])
    _ = try cache.run(Self.get(cache), fields: ["Surrogate-Key: 0", "ETag: \"v\""], body: "old")
    for (number, isKept) in [(1, true), (2, true), (2, true), (3, false)] {
      cache.seconds(3601)
      let valid = try cache.run(Self.get(cache), fields: ["Surrogate-Key: \(number)"], status: 304)
      #expect(valid.body == "old" && valid.fields.contains("stored") == isKept)
    }
    #expect(try !cache.run(Self.get(cache), body: "new").isHit)
  }

  @Test(
    arguments: [
      (["tags": .list(["a b"])], "no tag"), (["purges": .list(["a,b"])], "no tag"), (["tags": .list([""])], "no tag"),
      (["tag_fields": .list(["x-tag"])], "surrogate-key"), (["most_tags": .text("0")], "1"),
      (["keep_tag_fields": .text("true"), "tag_fields": .list([])], "no meaning"),
    ] as [([String: ConfigNode.Value], String)])
  func mistakesAreTold(settings: [String: ConfigNode.Value], message: String) throws {
    #expect(throws: ConfigurationError.self) { try Self.harness(settings) }
    do { _ = try Self.harness(settings) } catch { #expect("\(error)".contains(message), "\(error)") }
  }
}
