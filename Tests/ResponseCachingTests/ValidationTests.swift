import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// Stale answers are validated with the origin: RFC 9111 section 4.3.
@Suite struct ValidationTests {
  private static let stored = [
    "Cache-Control: max-age=10", "ETag: \"v1\"", "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT",
  ]
  private static let origin: [String: ConfigNode.Value] = ["respect": .text("origin"), "share": .text("domain")]

  private func get(_ cache: CacheHarness, _ fields: [String] = [], _ method: String = "GET") throws -> Exchange {
    try cache.bench.exchange("\(method) /me HTTP/1.1", fields)
  }

  /// A cache whose answer has been stale for a second.
  private func stale(
    _ fields: [String] = stored, _ settings: [String: ConfigNode.Value] = origin
  ) throws -> CacheHarness {
    let cache = try CacheHarness(settings)
    let date = "Date: Mon, 23 Nov 2026 16:00:00 GMT"
    #expect(try cache.run(get(cache), fields: fields + [date], body: "first").fields.contains("; stored"))
    cache.seconds(11)
    return cache
  }

  private func asked(_ exchange: Exchange) -> String { String(buffer: exchange.requestAdditions.lines) }

  /// Section 4.3.1: the validators of the stored answer, both where there are both.
  @Test func conditionsOfTheStoredAnswer() throws {
    let cache = try stale()
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    #expect(
      asked(exchange) == "If-None-Match: \"v1\"\r\nIf-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT\r\n")
    for (field, expected) in [
      ("ETag: W/\"x\"", "If-None-Match: W/\"x\"\r\n"),
      ("Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT", "If-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT\r\n"),
    ] {
      let cache = try stale(["Cache-Control: max-age=10", field])
      let exchange = try get(cache, ["If-None-Match: \"c\"", "If-Modified-Since: Mon, 23 Nov 2026 13:00:00 GMT"])
      #expect(cache.begin(exchange) == nil)
      exchange.request.block.remove(exchange.requestAdditions.names)
      #expect(asked(exchange) == expected)
      // The client's own do not go along.
      #expect(exchange.request.block.first(.ifNoneMatch) == nil)
      #expect(exchange.request.block.first(.ifModifiedSince) == nil)
    }
  }

  /// Sections 3.2 and 4.3.4: fields are updated, the content stays, and the answer is fresh again.
  @Test func a304FreshensTheAnswer() throws {
    let cache = try stale(Self.stored + ["X-A: 1", "x-b: 1", "Content-Type: text/plain"])
    let answer = try cache.run(
      get(cache),
      fields: [
        "ETag: \"v1\"", "Cache-Control: max-age=20", "X-B: 2", "X-C: 3", "Content-Type: text/html", "Content-Length: 7",
        "Date: Mon, 23 Nov 2026 16:00:11 GMT",
      ], status: 304)
    #expect(answer.isHit && answer.status == 200 && answer.body == "first" && answer.cacheResult == "revalidated")
    #expect(answer.fields.contains("Cache-Status: gatehouse; fwd=stale; fwd-status=304; stored\r\n"))
    for (fields, status) in [(answer.fields, "fwd=stale"), (try cache.run(get(cache)).fields, "hit; ttl=20")] {
      #expect(fields.contains("gatehouse; \(status)") && fields.contains("Age: 0\r\n"), "\(fields)")
      for line in ["X-A: 1", "X-B: 2", "X-C: 3", "Cache-Control: max-age=20", "Date: Mon, 23 Nov 2026 16:00:11 GMT"] {
        #expect(fields.contains(line + "\r\n"), "\(line)")
      }
      for line in ["x-b: 1", "text/html", "Content-Length", "max-age=10"] { #expect(!fields.contains(line), "\(line)") }
      #expect(fields.contains("Content-Type: text/plain\r\n"))
    }
    cache.seconds(19)
    #expect(try cache.run(get(cache)).fields.contains("hit; ttl=1\r\n"))
  }

  /// Section 4.2.3: the age of the validated answer is the 304's.
  @Test func theAgeIsThe304s() throws {
    let cache = try stale()
    let answer = try cache.run(
      get(cache), fields: ["Age: 3", "Date: Mon, 23 Nov 2026 16:00:11 GMT"], status: 304)
    #expect(answer.fields.contains("Age: 3\r\n"))
    cache.seconds(2)
    #expect(try cache.run(get(cache)).fields.contains("Age: 5\r\nCache-Status: gatehouse; hit; ttl=5\r\n"))
  }

  /// Section 4.3.3: another answer takes the place of the stored one.
  @Test func a200Replaces() throws {
    let cache = try stale()
    let answer = try cache.run(get(cache), fields: ["Cache-Control: max-age=9", "ETag: \"v2\""], body: "second")
    #expect(answer.body == "second" && answer.fields.contains("Cache-Status: gatehouse; fwd=stale; stored\r\n"))
    #expect(try cache.run(get(cache)).body == "second")
  }

  /// Section 4.3.3: what the origin says in place of a 304 is the current answer, whether or not it can be kept.
  @Test(
    arguments: [
      (404, "no-store", false), (410, "no-store", false), (401, "no-store", false), (403, "private", false),
      (200, "no-store", false), (302, "no-store", false), (429, "no-store", true), (500, "no-store", true),
      (501, "no-store", true), (503, "max-age=9", true),
    ]) func theOriginTakesBack(status: Int, control: String, isKept: Bool) throws
  {
    let cache = try stale(Self.stored + ["Cache-Control: stale-if-error=60"])
    // Helps nobody who says how fresh it has to be.
    let answer = try cache.run(
      get(cache, ["Cache-Control: no-cache"]), fields: ["Cache-Control: \(control)"], body: "gone", status: status)
    #expect(answer.body == "gone" && answer.status == UInt16(status))
    let next = try get(cache)
    #expect(cache.begin(next) == nil && asked(next).isEmpty != isKept)
    #expect((cache.fail(next)?.body == "first") == isKept)
  }

  /// A HEAD and a part say nothing of the whole answer.
  @Test func partsTakeNothingBack() throws {
    for (method, status) in [("HEAD", 404), ("GET", 206), ("GET", 416)] {
      let cache = try stale()
      _ = try cache.run(get(cache, [], method), status: status)
      let next = try get(cache)
      #expect(cache.begin(next) == nil && !asked(next).isEmpty, "\(method) \(status)")
    }
  }

  /// Section 4.3.3: trouble of the origin is passed on where no stale answer may be given.
  @Test(arguments: [500, 502, 503, 504]) func troubleIsPassedOn(status: Int) throws {
    let cache = try stale()
    let answer = try cache.run(get(cache), body: "trouble", status: status)
    #expect(answer.status == status && answer.body == "trouble" && answer.fields.contains("gatehouse; fwd=stale\r\n"))
    #expect(cache.begin(try get(cache)) == nil)
  }

  /// Section 4.3.4: a strong validator that is not the stored one's must not update it.
  @Test(arguments: [["ETag: \"v2\""], ["ETag: nonsense"], ["ETag: \"v1\"", "ETag: \"v1\""]])
  func contradictions(fields: [String]) throws {
    let cache = try stale()
    let answer = try cache.run(get(cache), fields: fields, status: 304)
    #expect(answer.status == 502 && answer.fields.contains("fwd=stale; fwd-status=304\r\n"))
    let next = try get(cache)
    #expect(cache.begin(next) == nil && asked(next).isEmpty)
  }

  /// Section 4.3.3: who contradicts itself is asked once more as if nothing were kept, and that counts.
  @Test(arguments: ["Range: bytes=0-1", "If-None-Match: \"c\"", "X-A: 1"]) func asksOnceMore(field: String) throws {
    let cache = try stale()
    let exchange = try get(cache, [field])
    exchange.requestAdditions.add(name: "x-own", "1".utf8)
    #expect(cache.begin(exchange) == nil)
    exchange.request.block.remove(exchange.requestAdditions.names)
    #expect(try cache.isAskedAnew(exchange, fields: ["ETag: \"v2\""], status: 304))
    #expect(asked(exchange) == "x-own: 1\r\n" && exchange.request.block.first(.ifNoneMatch) == nil)
    // The kept one is gone already.
    #expect(try cache.begin(get(cache, ["Cache-Control: only-if-cached"]))?.status == 504)
    let isPart = field.hasPrefix("Range")
    let new = ["Cache-Control: max-age=10", "ETag: \"v2\"", "Content-Length: 6"]
    #expect(try cache.head(exchange, fields: new, status: isPart ? 206 : 200) == nil)
    #expect(cache.finish(exchange, body: "second").fields.contains("fwd=stale; stored") != isPart)
    #expect(try (cache.begin(get(cache))?.body == "second") != isPart)
  }

  /// An origin that says 304 to a request without conditions has nothing to give.
  @Test func asksNotMoreThanOnce() throws {
    let cache = try stale(Self.stored + ["Cache-Control: stale-if-error=600"])
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    #expect(try cache.isAskedAnew(exchange, fields: ["ETag: \"v2\""], status: 304))
    #expect(!cache.filter.wantsAnother(exchange))
    let answer = try #require(try cache.head(exchange, fields: ["ETag: \"v2\""], status: 304))
    #expect(answer.status == 502 && answer.fields.contains("gatehouse; fwd=stale; fwd-status=304\r\n"))
    // Nor does what was kept help when the origin fails then.
    let other = try stale(Self.stored + ["Cache-Control: stale-if-error=600"])
    let failing = try get(other)
    #expect(other.begin(failing) == nil)
    #expect(try other.isAskedAnew(failing, fields: ["ETag: \"v2\""], status: 304))
    #expect(try other.head(failing, fields: ["Content-Length: 4"], status: 503) == nil && other.fail(failing) == nil)
  }

  /// Nothing else is reason to ask once more.
  @Test(arguments: [(304, "ETag: \"v1\""), (304, "X-A: 1"), (200, "ETag: \"v2\""), (503, "ETag: \"v2\"")])
  func otherwiseTheResponseStands(status: Int, field: String) throws {
    let cache = try stale()
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    let length = status == 304 ? [] : ["Content-Length: 0"]
    #expect(try !cache.isAskedAnew(exchange, fields: [field] + length, status: status))
    // A 304 to conditions of the client's own is no contradiction.
    let own = try cache.bench.exchange("GET /other HTTP/1.1", ["If-None-Match: \"c\""])
    #expect(cache.begin(own) == nil)
    #expect(try !cache.isAskedAnew(own, fields: [field], status: 304))
  }

  /// Section 4.3.4: a weak validator updates what it is equivalent to; none means what was asked about.
  @Test func weakValidatorsAndNone() throws {
    let weak = ["Cache-Control: max-age=10", "ETag: W/\"v1\""]
    for (kept, said, updates) in [
      (weak, ["ETag: W/\"v1\""], true), (Self.stored, ["ETag: W/\"v1\""], true), (Self.stored, [], true),
      (Self.stored, ["Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"], true), (weak, ["ETag: \"v1\""], false),
      (Self.stored, ["Last-Modified: Mon, 23 Nov 2026 13:00:00 GMT"], false),
      (["Cache-Control: max-age=10", Self.stored[2]], ["Last-Modified: Mon, 23 Nov 2026 13:00:00 GMT"], false),
    ] {
      let cache = try stale(kept)
      let answer = try cache.run(get(cache), fields: said, status: 304)
      #expect(answer.status == 200 && answer.body == "first")
      #expect(answer.fields.contains("; stored") == updates, "\(kept) \(said)")
    }
  }

  /// Section 5.2.2.4: what says no-cache is kept, and never given without the origin's word.
  @Test(arguments: ["no-cache", "max-age=0", "no-cache, max-age=60", "public"])
  func keptToBeAskedAbout(directives: String) throws {
    let cache = try CacheHarness(Self.origin)
    let fields = ["Cache-Control: \(directives)", "ETag: \"v1\""]
    #expect(try cache.run(get(cache), fields: fields, body: "first").fields.contains("; stored"))
    for _ in 0..<2 {
      let answer = try cache.run(get(cache), status: 304)
      #expect(answer.body == "first" && answer.fields.contains("fwd=stale; fwd-status=304; stored"))
    }
    #expect(cache.begin(try get(cache, ["Cache-Control: max-stale"])) == nil || !directives.contains("no-cache"))
    // Without a validator nothing could be asked.
    let bare = try CacheHarness(Self.origin)
    #expect(try !bare.run(get(bare), fields: Array(fields.prefix(1))).fields.contains("stored"))
  }

  /// Section 5.2.1.4: no-cache of a request is satisfied by a validated answer, and so are other wishes.
  @Test(arguments: ["no-cache", "max-age=1", "min-fresh=9"]) func wishesOfClients(directive: String) throws {
    let cache = try CacheHarness(Self.origin)
    _ = try cache.run(get(cache), fields: Self.stored, body: "first")
    cache.seconds(2)
    let exchange = try get(cache, ["Cache-Control: \(directive)"])
    let answer = try cache.run(exchange, status: 304)
    #expect(asked(exchange).contains("If-None-Match: \"v1\""))
    #expect(answer.body == "first" && answer.fields.contains("fwd=request; fwd-status=304; stored"))
  }

  /// Section 4.3.2: the client's own conditions are judged by the validated answer, HEAD and Range too.
  @Test func theClientsOwnConditions() throws {
    for (fields, status, body) in [
      (["If-None-Match: \"v1\""], 304, ""), (["If-None-Match: \"v0\""], 200, "first"),
      (["If-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT"], 304, ""), (["Range: bytes=1-2"], 206, "ir"),
      (["Range: bytes=1-2", "If-Range: \"v0\""], 200, "first"), (["Range: bytes=9-"], 416, ""),
    ] as [([String], UInt16, String)] {
      let cache = try stale()
      let answer = try cache.run(get(cache, fields), fields: ["ETag: \"v1\""], status: 304)
      #expect(answer.status == status && answer.body == body, "\(fields)")
      #expect(answer.fields.contains("fwd=stale; fwd-status=304; stored"))
    }
    let cache = try stale()
    #expect(try cache.run(get(cache, [], "HEAD"), status: 304).fields.contains("fwd-status=304; stored"))
    #expect(try cache.run(get(cache)).isHit)
  }

  /// Section 4.3.5: a HEAD that shows another answer makes the kept one worthless; one that shows the same does not.
  @Test func headsTell() throws {
    for (fields, isKept) in [
      (["ETag: \"v1\""], true), (["ETag: \"v2\""], false), (["Last-Modified: Mon, 23 Nov 2026 13:00:00 GMT"], false),
      ([], true),
    ] {
      let cache = try CacheHarness(Self.origin)
      _ = try cache.run(get(cache), fields: Self.stored, body: "first")
      _ = try cache.run(get(cache, ["Cache-Control: no-cache"], "HEAD"), fields: fields, body: "first")
      #expect(try cache.run(get(cache), body: "second").isHit == isKept, "\(fields)")
    }
    let cache = try CacheHarness(Self.origin)
    _ = try cache.run(get(cache), fields: Self.stored, body: "first")
    _ = try cache.run(get(cache, ["Cache-Control: no-cache"], "HEAD"), body: "other length")
    #expect(try !cache.run(get(cache), body: "second").isHit)
  }

  /// Sections 3 and 4.3.4: what the 304 forbids to keep is given once and dropped.
  @Test(arguments: ["Cache-Control: no-store", "Cache-Control: private", "Set-Cookie: a=b", "Vary: *"])
  func a304CanForbid(field: String) throws {
    let cache = try stale()
    let answer = try cache.run(get(cache), fields: [field], status: 304)
    #expect(answer.body == "first" && answer.fields.contains("fwd-status=304\r\n") && answer.fields.contains(field))
    let next = try get(cache)
    #expect(cache.begin(next) == nil && asked(next).isEmpty)
  }

  /// Section 4.3.2: who has it already is told so, also when it is the last to be told.
  @Test(arguments: ["Cache-Control: no-store", "Vary: *", "X-A: 1"]) func whoHasItAlready(field: String) throws {
    let cache = try stale()
    let answer = try cache.run(get(cache, ["If-None-Match: \"v1\""]), fields: ["ETag: \"v1\"", field], status: 304)
    #expect(answer.status == 304 && answer.body.isEmpty && answer.fields.contains("ETag: \"v1\"\r\n"))
  }

  /// Section 4.4: what was invalidated while the origin was asked is not kept.
  @Test func invalidatedMeanwhile() throws {
    let cache = try stale()
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil)
    _ = try cache.run(cache.bench.exchange("PUT /me HTTP/1.1"))
    #expect(try cache.head(exchange, fields: [], status: 304)?.fields.contains("fwd-status=304\r\n") == true)
    #expect(try !cache.run(get(cache)).isHit)
  }

  /// With `ttl` the organisation says how long, before and after.
  @Test func withTTL() throws {
    let cache = try stale(
      ["ETag: \"v1\"", "Cache-Control: no-store"],
      ["ttl": .text("10s"), "share": .text("domain"), "override": .text("no-store")])
    let answer = try cache.run(get(cache), fields: ["Cache-Control: no-store"], status: 304)
    #expect(answer.body == "first" && answer.fields.contains("fwd=stale; fwd-status=304; stored"))
    cache.seconds(9)
    #expect(try cache.run(get(cache)).fields.contains("hit; ttl=1\r\n"))
  }

  @Test func canBeSwitchedOff() throws {
    let cache = try stale(Self.stored, Self.origin.merging(["revalidate": .text("off")]) { $1 })
    let exchange = try get(cache)
    #expect(cache.begin(exchange) == nil && asked(exchange).isEmpty)
    #expect(try cache.head(exchange, fields: [], status: 304) == nil)
  }

  /// RFC 9211 section 2.2.
  @Test func unsafeMethods() throws {
    let cache = try CacheHarness(Self.origin)
    #expect(try cache.run(cache.bench.exchange("PUT /me HTTP/1.1")).fields.contains("gatehouse; fwd=method\r\n"))
  }
}
