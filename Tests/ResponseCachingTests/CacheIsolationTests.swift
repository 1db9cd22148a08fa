import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// Nobody gets what was fetched for another class, another target or other values of `Vary`.
@Suite struct CacheIsolationTests {
  /// Everything that an answer may depend on, kept apart by the test and not by the key's maker.
  private struct Facts: Equatable {
    var domain: String
    var sharing: [String]
    var target: String
    var authority: String
    var fields: [String]
  }

  private static let domains = ["a", "aa", "a.b", "a\u{0}", "ab"]
  private static let targets = [
    "/", "/a", "/aa", "/a?", "/a?a", "/a/a", "/a?a=/a", "/a%2Fa", "/a?x=1&y=2", "/a?x=1&y=2&", "/a;b", "/a?example.com",
    "/a/?", "/%00/", "/a?a%00a",
  ]
  private static let hosts = ["a", "aa", "a:80", "gateway", "gateway/a"]
  private static let fields: [[String]] = [
    [], ["Accept: a"], ["Accept: aa"], ["Accept: a", "Accept: a"], ["Accept: a,a"], ["Accept-Version: a"],
    ["Accept-Version: aa", "Accept: a"], ["X-V: a"], ["X-V: aa"], ["X-V: a", "X-V: a"], ["losantdomain: a"],
    ["Accept: a", "X-V: a"],
  ]

  private func sharing(_ share: String, _ identity: Identity?) -> [String] {
    switch share {
    case "token": [identity?.subject ?? "-"]
    case "scopes": identity?.scopes ?? ["-"]
    case "domain": [identity == nil ? "anonymous" : "identified"]
    default: []
    }
  }

  private func identities() -> [Identity?] {
    let sets = [["a"], ["a", "b"], ["ab"], []]
    return [nil] + (0..<8).map { Identity.sample($0, scopes: sets[Int($0) % 4]) }
  }

  private func exchange(
    _ cache: CacheHarness, _ facts: Facts, _ identity: Identity?
  ) throws -> Exchange {
    cache.bench.loop.refresh()
    let exchange = Exchange(loop: cache.bench.loop, peerAddress: "", isSecure: false)
    let lines = ["GET \(facts.target) HTTP/1.1", "Host: \(facts.authority)"] + facts.fields
    var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = RequestHeadParser()
    #expect(try parser.parse(&bytes, into: &exchange.request))
    exchange.domain = DomainFacts(name: facts.domain)
    exchange.identity = identity
    return exchange
  }

  @Test(arguments: ["token", "scopes", "domain", "public"], 0..<3)
  func nobodySeesAnothers(share: String, seed: UInt64) throws {
    let cache = try CacheHarness(["ttl": .text("1h"), "share": .text(share)])
    var random = SplitMix(state: seed)
    let identities = identities()
    var asked: [String: Facts] = [:]
    var (hits, wrong) = (0, 0)
    for number in 0..<4000 {
      guard let identity = identities.randomElement(using: &random),
        let target = Self.targets.randomElement(using: &random),
        let domain = Self.domains.randomElement(using: &random), let host = Self.hosts.randomElement(using: &random),
        let fields = Self.fields.randomElement(using: &random)
      else { continue }
      let facts = Facts(
        domain: domain, sharing: sharing(share, identity), target: target, authority: host, fields: fields)
      guard let exchange = try? exchange(cache, facts, identity) else { continue }
      let body = "answer \(number)"
      let answer = try cache.run(exchange, fields: ["Vary: X-V"], body: body)
      if answer.isHit {
        hits += 1
        if asked[answer.body] != facts { wrong += 1 }
        if identity == nil, share == "token" || share == "scopes" { wrong += 1 }
      } else {
        asked[body] = facts
      }
    }
    #expect(wrong == 0)
    #expect(hits > 100)
  }

  /// The origin is told who asks in a field that no client may send. An answer that varies by it, or a key that names
  /// it, is not one for the next caller of the class, whose request looks the same here.
  @Test(
    arguments: [
      (["Vary: X-User"], nil), (["Vary: x_user"], nil), ([], "X-User"), (["Vary: Authorization"], nil),
    ] as [([String], String?)])
  func whoAsksIsNotMixedUp(_ fields: [String], _ keyed: String?) throws {
    for share in ["scopes", "domain", "public"] {
      var settings: [String: ConfigNode.Value] = ["ttl": .text("1h"), "share": .text(share)]
      if let keyed { settings["headers"] = .text(keyed) }
      let cache = try CacheHarness(settings)
      func answer(_ number: UInt64) throws -> CacheHarness.Answer {
        let exchange = try cache.bench.exchange()
        exchange.identity = Identity.sample(number, scopes: ["a"])
        exchange.withhold([try #require(FieldNameLetters("X-User"))])
        exchange.requestAdditions.add(rendered: ByteBuffer(string: "X-User: \(number)\r\n"))
        exchange.requestAdditions.add(.authorization, text: "Bearer of-the-domain")
        return try cache.run(exchange, fields: fields, body: "of \(number)")
      }
      for number in 1...2 as ClosedRange<UInt64> {
        #expect(try answer(number).body == "of \(number)", "\(share)")
      }
    }
  }

  @Test func noClassWithoutAnIdentity() throws {
    for share in ["token", "scopes"] {
      let cache = try CacheHarness(["ttl": .text("1h"), "share": .text(share)])
      for _ in 0..<2 { #expect(try cache.run(cache.bench.exchange()).cacheResult == "bypass") }
    }
  }

  /// On a route without authentication only the origin knows whose a credential is.
  @Test(arguments: ["Authorization: Bearer x", "?access_token=x", "?a=1&jwt=x", "?API_KEY=x"])
  func credentialsThatNobodyJudged(credential: String) throws {
    let isQuery = credential.hasPrefix("?")
    let line = "GET /me\(isQuery ? credential : "") HTTP/1.1"
    let cache = try CacheHarness(["ttl": .text("1h"), "share": .text("domain"), "query": .text("a")])
    let fields = isQuery ? [] : [credential]
    for _ in 0..<2 { #expect(try cache.run(cache.bench.exchange(line, fields)).cacheResult == "bypass") }
    #expect(try cache.run(cache.bench.exchange("GET /me HTTP/1.1")).cacheResult == "miss")
    #expect(try cache.run(cache.bench.exchange("GET /me HTTP/1.1")).isHit)
    // An identified caller is of a class.
    #expect(try cache.run(cache.bench.exchange(line, fields, identity: .sample(1))).cacheResult == "miss")
    #expect(try cache.run(cache.bench.exchange(line, fields, identity: .sample(1))).isHit)
  }

  /// Nobody gets what came for another's token in the query, though the key has named parameters only.
  @Test(arguments: ["access_token", "jwt", "JWT", "token"]) func tokensInTheQueryStayInTheKey(name: String) throws {
    let cache = try CacheHarness(["ttl": .text("1h"), "share": .text("public"), "query": .text("a")])
    for token in ["x", "y"] {
      let line = "GET /me?a=1&\(name)=\(token) HTTP/1.1"
      #expect(try cache.run(cache.bench.exchange(line), body: token).body == token)
    }
  }

  @Test func sharesInsideTheClass() throws {
    let (one, two) = (Identity.sample(1, scopes: ["a"]), Identity.sample(2, scopes: ["a"]))
    let other = Identity.sample(3, scopes: ["b"])
    for (share, expected) in [
      ("token", [true, false, false, false]), ("scopes", [true, true, false, false]),
      ("domain", [true, true, true, false]),
      ("public", [true, true, true, true]),
    ] {
      for (identity, isHit) in zip([one, two, other, nil], expected) {
        let cache = try CacheHarness(["ttl": .text("1h"), "share": .text(share)])
        _ = try cache.run(cache.bench.exchange(identity: one))
        #expect(try cache.run(cache.bench.exchange(identity: identity)).isHit == isHit, "\(share)")
      }
    }
  }

  /// Where scopes were judged, who shares is told by what they come to, and never mixed with what a token says.
  @Test func sharesByWidenedScopes() throws {
    let universe = ScopeUniverse(["a.get", "a.post"], groups: ["all.A": ["a.get", "a.post", "all.A"]])
    func exchange(_ cache: CacheHarness, _ identity: Identity, judged: Bool) throws -> Exchange {
      let exchange = try cache.bench.exchange(identity: identity)
      if judged { exchange.effectiveScopes = identity.effectiveScopes(in: universe) }
      return exchange
    }
    let first = Identity.sample(1, scopes: ["a.get", "a.post", "all.A"])
    let cases: [(scopes: [String], judged: Bool, isHit: Bool)] = [
      (["all.A"], true, true), (["a.get", "a.post", "all.A"], true, true), (["a.get"], true, false),
      (["all.A", "foreign"], true, false), (["a.get", "a.post", "all.A"], false, false), (["all.A"], false, false),
    ]
    for (scopes, judged, isHit) in cases {
      let cache = try CacheHarness(["ttl": .text("1h"), "share": .text("scopes")])
      _ = try cache.run(exchange(cache, first, judged: true))
      #expect(
        try cache.run(exchange(cache, .sample(2, scopes: scopes), judged: judged)).isHit == isHit, "\(scopes) \(judged)"
      )
    }
  }

  /// Equal digests of the two kinds give two keys.
  @Test func kindsOfDigestsAreApart() throws {
    let cache = try CacheHarness(["ttl": .text("1h"), "share": .text("scopes")])
    let universe = ScopeUniverse(["a"])
    let judged = Identity.sample(1, scopes: ["a"])
    let scopes = judged.effectiveScopes(in: universe)
    let twin = Identity(
      fingerprint: Fingerprint(9, 9, 9, 9), subject: "twin", kind: "", issuer: "", tokenID: "", scopes: ["b"],
      scopesFingerprint: scopes.fingerprint, expiry: .max)
    let first = try cache.bench.exchange(identity: judged)
    first.effectiveScopes = scopes
    _ = try cache.run(first)
    #expect(try !cache.run(cache.bench.exchange(identity: twin)).isHit)
  }

  @Test func schemesAreApart() throws {
    let cache = try CacheHarness(["ttl": .text("1h")])
    let secure = try cache.bench.exchange(identity: .sample(1))
    secure.isSecure = true
    _ = try cache.run(secure)
    #expect(try !cache.run(cache.bench.exchange(identity: .sample(1))).isHit)
  }

  /// A trusted proxy says which scheme its client used, and the origin is told: a redirect to https that was kept for
  /// http would send clients in a circle.
  @Test func schemesBehindAProxyAreApart() throws {
    let cache = try CacheHarness(["ttl": .text("1h")])
    let address = try #require(IPAddress(peer: "198.51.100.7"))
    for isSecure in [true, false] {
      for expected in [false, true] {
        let exchange = try cache.bench.exchange(identity: .sample(1))
        exchange.forward(for: "198.51.100.7", address, isSecure: isSecure)
        #expect(try cache.run(exchange).isHit == expected)
      }
    }
  }
}
