import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// A HEAD says something of the kept answer to a GET: RFC 9111 section 4.3.5.
@Suite struct HeadUpdateTests {
  private static let stored = [
    "Cache-Control: max-age=10", "ETag: \"v1\"", "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT", "X-A: 1", "X-B: 1",
  ]

  /// A cache whose answer is stale, after a HEAD that the origin has answered with these fields.
  private func cache(
    _ fields: [String], stored: [String] = stored, status: Int = 200, body: String = "first",
    _ more: [String: ConfigNode.Value] = [:]
  ) throws -> CacheHarness {
    let cache = try CacheHarness(more.merging(["respect": .text("origin"), "share": .text("domain")]) { $1 })
    _ = try cache.run(cache.bench.exchange(), fields: stored, body: "first")
    cache.seconds(11)
    let answer = try cache.run(cache.bench.exchange("HEAD /me HTTP/1.1"), fields: fields, body: body, status: status)
    #expect(!answer.isHit && answer.fields.contains("Cache-Status: gatehouse; fwd=stale\r\n"))
    return cache
  }

  /// The same validators: the fields are updated (section 3.2) and the answer is as fresh as they say.
  @Test(arguments: [["ETag: \"v1\""], ["Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"]])
  func theSameIsUpdated(validator: [String]) throws {
    let cache = try cache(validator + ["Cache-Control: max-age=30", "X-B: 2", "X-C: 3"])
    let answer = try cache.run(cache.bench.exchange())
    #expect(answer.body == "first" && answer.fields.contains("Age: 0\r\nCache-Status: gatehouse; hit; ttl=30\r\n"))
    for field in ["X-A: 1", "X-B: 2", "X-C: 3", "ETag: \"v1\"", "Cache-Control: max-age=30"] {
      #expect(answer.fields.contains(field + "\r\n"), "\(field)")
    }
    #expect(!answer.fields.contains("X-B: 1") && !answer.fields.contains("max-age=10"))
    // It is the kept one still, with its validators.
    let conditional = try cache.bench.exchange("GET /me HTTP/1.1", ["If-None-Match: \"v1\""])
    #expect(try cache.run(conditional).status == 304)
  }

  /// Others: it is worth nothing any more.
  @Test(arguments: [
    ["ETag: \"v2\""], ["ETag: W/\"v1\""], ["ETag: \"v1\"", "Last-Modified: Mon, 23 Nov 2026 13:00:00 GMT"],
  ])
  func anotherIsDropped(fields: [String]) throws {
    #expect(try cache(fields + ["Cache-Control: max-age=30"]).store.usage.entries == 0)
  }

  @Test func anotherLengthIsAnother() throws {
    #expect(try cache(["ETag: \"v1\"", "Cache-Control: max-age=30"], body: "longer").store.usage.entries == 0)
  }

  /// What says nothing but its length may be about anything: no reason to call fresh what is stale.
  @Test func nothingIsSaid() throws {
    let cache = try cache(["Cache-Control: max-age=30"], stored: ["Cache-Control: max-age=10"])
    #expect(cache.store.usage.entries == 1)
    #expect(try !cache.run(cache.bench.exchange()).isHit)
  }

  /// Other statuses are about something else.
  @Test(arguments: [203, 404, 410, 503]) func otherStatuses(status: Int) throws {
    let cache = try cache(["ETag: \"v1\"", "Cache-Control: max-age=30"], status: status)
    #expect(cache.store.usage.entries == 1)
    #expect(try !cache.run(cache.bench.exchange()).isHit)
  }

  /// Sections 3 and 3.2: fields that forbid to keep it end it.
  @Test(arguments: ["Cache-Control: no-store", "Cache-Control: private", "Vary: *", "Set-Cookie: a=b"])
  func bans(field: String) throws { #expect(try cache(["ETag: \"v1\"", field]).store.usage.entries == 0) }

  /// Purges reach it by the tags of both.
  @Test(arguments: ["old", "new"]) func tags(tag: String) throws {
    let settings: [String: ConfigNode.Value] = ["tag_fields": .list(["surrogate-key"]), "purges": .list([tag])]
    let cache = try cache(
      ["ETag: \"v1\"", "Cache-Control: max-age=30", "Surrogate-Key: new"], stored: Self.stored + ["Surrogate-Key: old"],
      settings)
    #expect(try cache.run(cache.bench.exchange()).isHit)
    _ = try cache.run(cache.bench.exchange("POST /elsewhere HTTP/1.1"))
    #expect(try !cache.run(cache.bench.exchange()).isHit)
  }
}
