import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// What a shared cache may keep: RFC 9111 section 3, with `respect: origin`.
@Suite struct StorabilityTests {
  private static let fresh = "Cache-Control: max-age=60"

  /// Whether the answer to a first request serves a second one.
  private func isKept(
    _ fields: [String], status: Int = 200, request: [String] = [], identity: Identity? = .sample(1),
    _ settings: [String: ConfigNode.Value] = ["share": .text("domain")], target: String = "GET /me HTTP/1.1"
  ) throws -> Bool {
    let cache = try CacheHarness(settings.merging(["respect": .text("origin")]) { $1 })
    let answer = try cache.run(
      cache.bench.exchange(target, request, identity: identity), fields: fields, status: status)
    let isHit = try cache.run(cache.bench.exchange(identity: identity)).isHit
    #expect(answer.fields.contains("stored") == isHit)
    return isHit
  }

  /// Section 3: the method is understood. POST is, but its answers are not kept.
  @Test(arguments: ["HEAD", "POST", "OPTIONS", "PUT", "QUERY"])
  func onlyAnswersToGet(method: String) throws {
    #expect(try !isKept([Self.fresh], target: "\(method) /me HTTP/1.1"))
  }

  /// Section 3: the status is final and understood.
  @Test func statuses() throws {
    for status in [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501] {
      #expect(try isKept([Self.fresh], status: status), "\(status)")
    }
    for status in [201, 202, 206, 299, 304, 400, 401, 403, 407, 418, 429, 500, 502, 503, 504, 599] {
      #expect(try !isKept([Self.fresh], status: status), "\(status)")
    }
    #expect(try !isKept([Self.fresh, "Content-Range: bytes 0-3/8"]))
  }

  /// Section 3: something says that it may be kept: Expires, max-age, s-maxage, public with a guess, or a status that
  /// allows one.
  @Test(
    arguments: [
      (302, [], false), (302, ["Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"], false),
      (302, ["Cache-Control: x"], false),
      (302, ["Expires: Mon, 23 Nov 2026 17:00:00 GMT"], true), (302, ["Cache-Control: max-age=9"], true),
      (302, ["Cache-Control: s-maxage=9"], true),
      (302, ["Cache-Control: public", "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"], true),
      (404, ["Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"], true),
    ] as [(Int, [String], Bool)])
  func somethingAllowsIt(status: Int, fields: [String], isKept: Bool) throws {
    let settings: [String: ConfigNode.Value] = ["share": .text("domain"), "heuristic": .text("1h")]
    #expect(try self.isKept(fields, status: status, settings) == isKept)
  }

  /// A kept answer comes with its own status.
  @Test func theStatusIsKept() throws {
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh, "Location: /x"], status: 308)
    let answer = try cache.run(cache.bench.exchange())
    #expect(answer.status == 308 && answer.fields.contains("Location: /x"))
    _ = try cache.run(cache.bench.exchange("GET /none HTTP/1.1"), fields: [Self.fresh], status: 204)
    #expect(try cache.run(cache.bench.exchange("GET /none HTTP/1.1")).status == 204)
  }

  /// Sections 5.2.2.4, 5.2.2.5 and 5.2.2.7.
  @Test(arguments: ["no-store", "private", "no-cache", "No-Store", "max-age=60, \"no", "private=\"a b\"", "no-store=x"])
  func forbidden(directive: String) throws {
    #expect(try !isKept(["Cache-Control: public, max-age=60", "Cache-Control: \(directive)"]))
  }

  /// Section 5.2.2.3: who understands the status goes by must-understand, and others by no-store.
  @Test func mustUnderstand() throws {
    #expect(try isKept(["Cache-Control: max-age=60, must-understand, no-store"]))
    #expect(try !isKept(["Cache-Control: max-age=60, must-understand, no-store"], status: 599))
    #expect(try !isKept(["Cache-Control: max-age=60, must-understand, private"]))
  }

  /// Section 3.5: where nobody has said who shares, answers to those who have credentials need the origin's word.
  @Test func credentials() throws {
    for (request, identity) in [([], Identity.sample(1)), (["Authorization: Bearer a"], .sample(1))] {
      #expect(try !isKept([Self.fresh], request: request, identity: identity, [:]))
      for directive in ["public", "s-maxage=60", "must-revalidate"] {
        #expect(
          try isKept([Self.fresh, "Cache-Control: \(directive)"], request: request, identity: identity, [:]),
          "\(directive)")
      }
      #expect(try !isKept([Self.fresh, "Cache-Control: proxy-revalidate, public=1"], request: request, [:]))
      for share in ["token", "scopes", "domain", "public"] {
        #expect(try isKept([Self.fresh], request: request, identity: identity, ["share": .text(share)]), "\(share)")
      }
    }
  }

  /// Section 3.5: a credential that nobody here has judged puts nobody into a class, so the origin's word is needed
  /// whatever is written down.
  @Test func credentialsThatNobodyJudged() throws {
    let open: [String: ConfigNode.Value] = ["share": .text("public")]
    let request = ["Authorization: Bearer a"]
    #expect(try isKept([Self.fresh], identity: nil, open))
    #expect(try !isKept([Self.fresh], request: request, identity: nil, open))
    for directive in ["public", "s-maxage=60", "must-revalidate"] {
      #expect(try isKept([Self.fresh, "Cache-Control: \(directive)"], request: request, identity: nil, open))
    }
  }

  /// Even what the origin calls public stays in the class: the gateway's classes are narrower than the RFC asks.
  @Test func publicIsNoWiderThanTheClass() throws {
    let cache = try CacheHarness(["respect": .text("origin")])
    _ = try cache.run(cache.bench.exchange(identity: .sample(1)), fields: ["Cache-Control: public, max-age=60"])
    #expect(try !cache.run(cache.bench.exchange(identity: .sample(2))).isHit)
    #expect(try cache.run(cache.bench.exchange()).cacheResult == "bypass")
    #expect(try cache.run(cache.bench.exchange(identity: .sample(1))).isHit)
  }

  /// Section 7.3: a cookie is for one client.
  @Test func setCookie() throws {
    let cookie = [Self.fresh, "Set-Cookie: a=b"]
    #expect(try !isKept(cookie))
    for allowed in ["no-cache=\"set-cookie\"", "private=\"x, Set-Cookie\""] {
      let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
      _ = try cache.run(cache.bench.exchange(), fields: cookie + ["Cache-Control: \(allowed)"])
      let answer = try cache.run(cache.bench.exchange())
      #expect(answer.isHit && !answer.fields.lowercased().contains("set-cookie: "))
    }
    #expect(try isKept(cookie, ["share": .text("domain"), "drop": .text("set-cookie")]))
  }

  /// Section 3.1, and fields that the origin or the organisation keeps out.
  @Test func fieldsThatAreNotKept() throws {
    let cache = try CacheHarness([
      "respect": .text("origin"), "share": .text("domain"), "drop": .list(["X-D", "server"]),
    ])
    let dropped = [
      "X-A: 1", "x-b: 2", "X-D: 3", "Server: s", "Proxy-Authenticate: Basic", "Proxy-Authentication-Info: a=b",
      "Keep-Alive: 1", "X-Request-ID: 1", "WWW-Authenticate: Basic",
    ]
    let kept = "Cache-Control: max-age=60, no-cache=\"x-a\", private=\"X-B\""
    _ = try cache.run(cache.bench.exchange(), fields: dropped + [kept, "X-C: 4"])
    let answer = try cache.run(cache.bench.exchange())
    #expect(answer.isHit && answer.fields.contains("X-C: 4\r\n") && answer.fields.contains(kept))
    for field in dropped { #expect(!answer.fields.contains(field + "\r\n"), "\(field)") }
  }

  /// Answers to requests with content, which the key does not hold, are not kept (RFC 9110 section 9.3.1).
  @Test(arguments: ["Content-Length: 3", "Transfer-Encoding: chunked", "Cookie: a=b", "X-HTTP-Method-Override: PUT"])
  func requestsThatGoBy(field: String) throws { #expect(try !isKept([Self.fresh], request: [field])) }

  /// A stream of events has no end.
  @Test func eventStreams() throws {
    #expect(try !isKept([Self.fresh, "Content-Type: Text/Event-Stream;charset=utf-8"]))
    #expect(try isKept([Self.fresh, "Content-Type: text/event-streams"]))
  }

  /// Section 3.3.
  @Test func whatWasCutIsNotKept() throws {
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
    _ = try cache.run(cache.bench.exchange(), fields: [Self.fresh], complete: false)
    #expect(try !cache.run(cache.bench.exchange()).isHit)
  }
}
