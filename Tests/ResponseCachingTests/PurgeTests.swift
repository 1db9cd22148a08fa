import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// What operators drop: which entries go, and what becomes of answers that were on their way.
@Suite struct PurgeTests {
  private static let share = ["token", "scopes", "domain", "public"]

  private static func harness(_ more: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(["ttl": .text("1h"), "share": .text("token")].merging(more) { $1 })
  }

  private static func exchange(_ cache: CacheHarness, _ target: String, domain: String = "example.com") throws
    -> Exchange
  {
    try cache.bench.exchange("GET \(target) HTTP/1.1", domain: domain, identity: .sample(1))
  }

  private static func purge(_ json: String) throws -> CachePurge {
    try CachePurge(Array(json.utf8), mergesSlashes: true)
  }

  /// Kept: `/a`, `/a?x=1`, `/a/b`, `/ab`, `/c` of example.com, and `/a` of other.example; the host is `gateway`.
  private static let kept = ["/a", "/a?x=1", "/a/b", "/ab", "/c"]

  @Test(
    arguments: [
      (#"{"all":"true"}"#, kept, true), (#"{"domain":"example.com"}"#, kept, false),
      (#"{"domain":"other.example"}"#, [], true), (#"{"domain":"third.example"}"#, [], false),
      (#"{"key":"/a"}"#, ["/a"], true), (#"{"key":"/a","domain":"EXAMPLE.com"}"#, ["/a"], false),
      (#"{"key":"http://gateway/a"}"#, ["/a"], true), (#"{"key":"https://GATEWAY:443/%61#x"}"#, ["/a"], true),
      (#"{"key":"http://elsewhere/a"}"#, [], false), (#"{"key":"/a?x=1"}"#, ["/a?x=1"], false),
      (#"{"key":"/a?x=2"}"#, [], false), (#"{"key":"/a?"}"#, [], false),
      (#"{"prefix":"/a"}"#, ["/a", "/a?x=1", "/a/b"], true), (#"{"prefix":"/a/"}"#, ["/a/b"], false),
      (#"{"prefix":"/"}"#, kept, true), (#"{"prefix":"//a/./b"}"#, ["/a/b"], false),
      (#"{"prefix":"/a","domain":"other.example"}"#, [], true),
      (#"{"tag":"t"}"#, ["/c"], false), (#"{"tag":"t","domain":"other.example"}"#, [], false),
      (#"{"tag":"u"}"#, [], false),
    ] as [(String, [String], Bool)])
  func whatGoes(json: String, gone: [String], isOtherGone: Bool) throws {
    for share in Self.share {
      let cache = try Self.harness(["share": .text(share), "tag_fields": .list(["cache-tag"])])
      for target in Self.kept {
        _ = try cache.run(Self.exchange(cache, target), fields: target == "/c" ? ["Cache-Tag: t"] : [])
      }
      _ = try cache.run(Self.exchange(cache, "/a", domain: "other.example"))
      let before = cache.store.usage
      let purged = cache.bench.environment.caches.purge(try Self.purge(json))
      #expect(purged.entries == gone.count + (isOtherGone ? 1 : 0), "\(share)")
      #expect(before.bytes - cache.store.usage.bytes == purged.bytes)
      for target in Self.kept {
        #expect(try cache.run(Self.exchange(cache, target)).isHit == !gone.contains(target), "\(share) \(target)")
      }
      #expect(try cache.run(Self.exchange(cache, "/a", domain: "other.example")).isHit == !isOtherGone)
    }
  }

  /// What was asked for before a purge is not kept after it, and what is asked for after it is.
  @Test(
    arguments: [
      (#"{"all":"true"}"#, true), (#"{"key":"/a?x=1"}"#, true), (#"{"prefix":"/a"}"#, true), (#"{"tag":"t"}"#, true),
      (#"{"domain":"example.com"}"#, true), (#"{"key":"/a"}"#, false), (#"{"prefix":"/b"}"#, false),
      (#"{"tag":"u"}"#, false), (#"{"domain":"other.example"}"#, false),
    ])
  func whatWasOnItsWay(json: String, isReached: Bool) throws {
    let cache = try Self.harness(["tag_fields": .list(["cache-tag"])])
    let slow = try Self.exchange(cache, "/a?x=1")
    #expect(cache.begin(slow) == nil)
    try cache.head(slow, fields: ["Content-Length: 3", "Cache-Tag: t"])
    #expect(cache.bench.environment.caches.purge(try Self.purge(json)).entries == 0)
    _ = cache.finish(slow, body: "old")
    #expect(try cache.run(Self.exchange(cache, "/a?x=1"), body: "new").isHit == !isReached)
    #expect(try cache.run(Self.exchange(cache, "/a?x=1")).isHit)
  }

  /// What was purged while the origin was asked about it helps nobody, however the origin fails.
  @Test(arguments: [(#"{"all":"true"}"#, false), (#"{"prefix":"/b"}"#, true)])
  func whatIsPurgedDoesNotHelpOnErrors(json: String, helps: Bool) throws {
    let cache = try Self.harness(["stale_if_error": .text("1h")])
    _ = try cache.run(Self.exchange(cache, "/a"), body: "old")
    // Many purges that are about others are none, however long ago.
    for _ in 0..<300 { _ = cache.bench.environment.caches.purge(try Self.purge(#"{"prefix":"/c"}"#)) }
    cache.seconds(3601)
    let slow = try Self.exchange(cache, "/a")
    #expect(cache.begin(slow) == nil)
    _ = cache.bench.environment.caches.purge(try Self.purge(json))
    #expect((cache.fail(slow)?.body == "old") == helps)
  }

  /// More purges than are remembered: what began before them is not trusted.
  @Test func longAgoCountsAsReached() throws {
    let cache = try Self.harness()
    let slow = try Self.exchange(cache, "/a")
    #expect(cache.begin(slow) == nil)
    for _ in 0..<300 { _ = cache.bench.environment.caches.purge(try Self.purge(#"{"prefix":"/b"}"#)) }
    try cache.head(slow, fields: ["Content-Length: 3"])
    _ = cache.finish(slow, body: "old")
    #expect(try !cache.run(Self.exchange(cache, "/a")).isHit)
    #expect(try cache.run(Self.exchange(cache, "/a")).isHit)
  }

  /// Where only some parameters count, an address purges what a request for it would be answered from.
  @Test func parametersThatDoNotCount() throws {
    let cache = try Self.harness(["query": .list(["page"])])
    for target in ["/a?page=1&utm=x", "/a?page=2", "/a?utm=x"] { _ = try cache.run(Self.exchange(cache, target)) }
    #expect(cache.bench.environment.caches.purge(try Self.purge(#"{"key":"/a?utm=y&page=1"}"#)).entries == 2)
    #expect(try cache.run(Self.exchange(cache, "/a?page=2")).isHit)
  }

  @Test(
    arguments: [
      ("{}", "nothing is named"), (#"{"key":"/a","tag":"b"}"#, "name one of them"),
      (#"{"tag":"a b"}"#, "without blanks"),
      (#"{"prefix":"a"}"#, "begins with a slash"), (#"{"prefix":"/a?b"}"#, "without a query"),
      (#"{"all":"yes"}"#, "left out"),
      (#"{"key":"ftp://a/b"}"#, "as clients ask"), (#"{"key":"http:///b"}"#, "as clients ask"),
      (#"{"key":"http://u@h/b"}"#, "as clients ask"), (#"{"key":"/a%00"}"#, "no request can have"),
      (#"{"tag":""}"#, "is empty"),
      (#"{"keys":"/a"}"#, "known are key, prefix"), ("[]", "no JSON"), (#"{"key":"/é"}"#, "%C3%A9"),
    ])
  func mistakesTeach(json: String, message: String) {
    do {
      _ = try Self.purge(json)
      Issue.record("it was taken")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }

  @Test(arguments: [
    #"{"all":"true"}"#, #"{"domain":"a.b"}"#, #"{"key":"http://h:81/a?b","domain":"a.b"}"#, #"{"key":"/a?"}"#,
    #"{"prefix":"/a/"}"#, #"{"tag":"x","domain":"d"}"#,
  ])
  func isWrittenAsItIsRead(json: String) throws {
    let purge = try Self.purge(json)
    #expect(try Self.purge(TextObject.render(purge.members)) == purge)
  }

  @Test func theReportTellsWhatIsKept() throws {
    let cache = try Self.harness()
    for target in Self.kept { _ = try cache.run(Self.exchange(cache, target)) }
    _ = try cache.run(Self.exchange(cache, "/a", domain: "other.example"))
    let report = cache.bench.environment.caches.inspect(now: cache.bench.clock.monotonic())
    #expect(report.entries == 6 && report.domains["example.com"]?.entries == 5)
    #expect(report.domains["other.example"]?.entries == 1 && report.used == cache.store.usage.bytes)
    #expect(report.used < report.budget && report.budget <= CacheBounds().size)
    #expect(report.domains["example.com"]?.ages.first == 5)
  }
}
