import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// Conditions and ranges that are judged by a kept answer, with `respect: origin` (RFC 9110 sections 13 and 14, RFC 9111
/// section 4.3.2). The clock stands at 16:00:00.
@Suite struct ConditionTests: AsksKeptAnswer {
  /// Section 13.1.2: weak comparison, lists, and `*`.
  @Test(
    arguments: [
      ("\"a,b\"", 304), ("W/\"a,b\"", 304), ("\"x\", \"a,b\"", 304), (" , \"x\",W/\"a,b\" ,", 304), ("*", 304),
      ("\"x\"", 200), ("\"a\"", 200), ("a,b", 200), ("\"a,b\" x", 200), ("w/\"a,b\"", 200), ("\"a,b", 200), ("", 200),
      ("\"A,B\"", 200), ("*, \"x\"", 200), ("\"a,b\\\"", 200), ("W/ \"a,b\"", 200),
    ] as [(String, UInt16)])
  func ifNoneMatch(value: String, expected: UInt16) throws {
    for method in ["GET", "HEAD"] {
      #expect(try status(["If-None-Match: \(value)"], "\(method) /me HTTP/1.1") == expected, "\(method)")
    }
  }

  @Test func ifNoneMatchInSeveralFields() throws {
    #expect(try status(["If-None-Match: \"x\"", "If-None-Match: \"a,b\""]) == 304)
    #expect(try status(["If-None-Match: \"x\"", "If-None-Match: \"y\""]) == 200)
  }

  @Test func weakTagsOfTheOrigins() throws {
    #expect(try status(["If-None-Match: \"w\""], of: ["ETag: W/\"w\""]) == 304)
    #expect(try status(["If-None-Match: \"w\""], of: ["ETag: w"]) == 200)
    #expect(try status(["If-None-Match: \"w\""], of: ["ETag: \"w\"", "ETag: \"v\""]) == 200)
    #expect(try status(["If-None-Match: \"\""], of: []) == 200)
    #expect(try status(["If-None-Match: *"], of: []) == 304)
  }

  /// Section 13.1.3, and RFC 9111 section 4.3.2 for who sent no Last-Modified.
  @Test(
    arguments: [
      ("Mon, 23 Nov 2026 15:00:00 GMT", 304), ("Monday, 23-Nov-26 15:00:01 GMT", 304),
      ("Mon Nov 23 15:00:00 2026", 304),
      ("Mon, 23 Nov 2026 14:59:59 GMT", 200), ("yesterday", 200), ("", 200), ("1795449600", 200),
    ] as [(String, UInt16)])
  func ifModifiedSince(value: String, expected: UInt16) throws {
    #expect(try status(["If-Modified-Since: \(value)"]) == expected)
  }

  @Test func ifModifiedSinceByDate() throws {
    let date = ["Date: Mon, 23 Nov 2026 15:59:50 GMT"]
    #expect(try status(["If-Modified-Since: Mon, 23 Nov 2026 15:59:50 GMT"], of: date) == 304)
    #expect(try status(["If-Modified-Since: Mon, 23 Nov 2026 15:59:49 GMT"], of: date) == 200)
    #expect(try status(["If-Modified-Since: Mon, 23 Nov 2026 16:00:00 GMT"], of: []) == 304)
  }

  /// Section 13.2.2: If-Modified-Since does not count beside If-None-Match; both come before Range.
  @Test func precedence() throws {
    let since = "If-Modified-Since: Mon, 23 Nov 2026 15:30:00 GMT"
    #expect(try status([since]) == 304)
    #expect(try status([since, "If-None-Match: \"x\""]) == 200)
    #expect(try status([since, "If-None-Match: nonsense"]) == 200)
    #expect(try status(["Range: bytes=0-1", "If-None-Match: \"a,b\""]) == 304)
    #expect(try status(["Range: bytes=0-1", "If-None-Match: \"x\""]) == 206)
    #expect(try status([since, since]) == 200)
  }

  /// Section 15.4.5.
  @Test func whatNotModifiedSays() throws {
    let answer = try ask(cache(), ["If-None-Match: *"])
    #expect(answer.isHit && answer.body.isEmpty && answer.cacheResult == "hit")
    #expect(
      answer.fields == """
        Age: 3\r\nCache-Status: gatehouse; hit; ttl=57\r\nETag: "a,b"\r\nDate: Mon, 23 Nov 2026 15:59:59 GMT\r
        Cache-Control: max-age=60\r\nVary: X-A\r\nContent-Location: /m\r\n
        """)
    let dated = try ask(cache(["Last-Modified: Mon, 23 Nov 2026 15:00:00 GMT"]), ["If-None-Match: *"])
    #expect(dated.fields.contains("Last-Modified: ") && dated.fields.contains("Date: Mon, 23 Nov 2026 16:00:00 GMT"))
  }

  /// Section 13.2.1: conditions count for a 2xx only, and here for a 200.
  @Test func onlyOK() throws {
    for status in [203, 404, 301] {
      let cache = try cache(status: status)
      #expect(try ask(cache, ["If-None-Match: *"]).status == status)
      #expect(try ask(cache, ["Range: bytes=0-1"]).body == "0123456789")
    }
  }

  /// What is not kept with the answer says nothing about it.
  @Test func validatorsThatAreNotKept() throws {
    let kept = Self.strong + ["Cache-Control: private=\"etag\", no-cache=\"last-modified\""]
    #expect(try status(["If-None-Match: \"a,b\""], of: kept) == 200)
    #expect(try status(["If-Modified-Since: Mon, 23 Nov 2026 15:30:00 GMT"], of: kept) == 200)
  }

  /// Where nothing is kept the origin judges, and what it says of a condition or a part is not kept.
  @Test func theOriginJudgesWhatIsNotKept() throws {
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
    for (field, status) in [("If-None-Match: *", 304), ("Range: bytes=0-1", 206)] {
      let answer = try cache.run(
        cache.bench.exchange("GET /me HTTP/1.1", [field]), fields: ["Cache-Control: max-age=60"], status: status)
      #expect(!answer.isHit && !answer.fields.contains("stored"))
    }
    #expect(try !ask(cache, []).isHit)
  }

  /// RFC 9110 section 13.1.1: these guard a change, and the state that they speak of is the origin's.
  @Test(arguments: ["If-Match: \"a,b\"", "If-Unmodified-Since: Mon, 23 Nov 2026 15:00:00 GMT"])
  func conditionsThatGoBy(field: String) throws { #expect(try ask(cache(), [field]).cacheResult == "bypass") }

  /// With `ttl` nothing has changed.
  @Test(arguments: ["If-None-Match: *", "Range: bytes=0-1", "If-Range: \"a\""])
  func notWithTTL(field: String) throws {
    let cache = try CacheHarness(["ttl": .text("10s"), "share": .text("domain")])
    _ = try ask(cache, [])
    #expect(try ask(cache, [field]).cacheResult == "bypass")
  }

  @Test func headFromGet() throws {
    #expect(try status([], "HEAD /me HTTP/1.1") == 200)
  }
}
