import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// RFC 9111 section 4.1, with `respect: origin`.
@Suite struct VaryTests {
  private func cache(_ more: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(["respect": .text("origin"), "share": .text("domain")].merging(more) { $1 })
  }

  /// One request; the origin answers with this `Vary`.
  private func ask(
    _ cache: CacheHarness, _ fields: [String], vary: [String], body: String = "new", more: [String] = []
  ) throws -> CacheHarness.Answer {
    try cache.run(
      cache.bench.exchange("GET /me HTTP/1.1", fields), fields: vary + more + ["Cache-Control: max-age=60"], body: body)
  }

  /// The nominated fields of both requests must match: the same fields, the same values, or absent in both.
  @Test func allNominatedFieldsMustMatch() throws {
    let vary = ["Vary: X-A", "vary: accept-language"]
    let requests = [
      [], ["X-A: 1"], ["X-A: 2"], ["Accept-Language: 1"], ["X-A: 1", "Accept-Language: 1"], ["X-A:"],
      ["X-A: 1", "X-A: 2"],
    ]
    let cache = try cache()
    for (number, fields) in requests.enumerated() {
      #expect(try ask(cache, fields, vary: vary, body: "\(number)").body == "\(number)")
    }
    for (number, fields) in requests.enumerated() {
      #expect(try ask(cache, fields + ["X-Other: \(number)"], vary: vary).body == "\(number)", "\(fields)")
    }
    #expect(try ask(cache, ["X-A: 3"], vary: vary).fields.contains("fwd=vary-miss; stored"))
  }

  /// `*` never matches, wherever it stands; what is no field name never can.
  @Test(arguments: ["*", "accept, *", "*, accept", "accept,*,", "a b", "accept;q=1", "\"accept\"", "x-*"])
  func whatNeverMatches(names: String) throws {
    let cache = try cache()
    for _ in 0..<2 { #expect(try !ask(cache, [], vary: ["Vary: x-ok", "Vary: \(names)"]).isHit) }
    #expect(cache.store.usage.entries == 0)
  }

  /// The origin sees another value under these names than the client's request has, so no later request can be matched.
  @Test(arguments: [
    "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Request-ID", "losantdomain",
    "traceparent", "Connection", "TE", "Authorization", "X-User", "x_user", "XUser",
  ])
  func whatTheGatewaySets(name: String) throws {
    for share in ["scopes", "domain", "public"] {
      let cache = try cache(["share": .text(share)])
      for number in UInt64(1)...3 {
        let exchange = try cache.bench.exchange()
        exchange.identity = .sample(number, scopes: ["a"])
        exchange.withhold([try #require(FieldNameLetters("X-User"))])
        exchange.requestAdditions.add(rendered: ByteBuffer(string: "X-User: \(number)\r\n"))
        exchange.requestAdditions.add(.authorization, text: "Bearer of-the-domain")
        let answer = try cache.run(
          exchange, fields: ["Vary: Accept, \(name)", "Cache-Control: public, max-age=60"], body: "of \(number)")
        #expect(answer.body == "of \(number)", "\(share)")
      }
    }
  }

  /// A token that the client sent is part of the request: who varies by it gets an answer of its own.
  @Test func authorizationAsItWasSent() throws {
    let cache = try cache(["share": .text("public")])
    for user in ["a", "b", "a", "b"] {
      let answer = try ask(
        cache, ["Authorization: Bearer \(user)"], vary: ["Vary: authorization"], body: user,
        more: ["Cache-Control: public"])
      #expect(answer.body == user)
    }
    #expect(cache.store.usage.entries == 2)
  }

  @Test(arguments: [1, 3, 8])
  func variantsAreBounded(most: Int) throws {
    let cache = try cache(["variants": .text("\(most)")])
    for number in 0..<50 { _ = try ask(cache, ["X-A: \(number)"], vary: ["Vary: X-A"], body: "\(number)") }
    #expect(cache.store.usage.entries == most)
    for number in (50 - most)..<50 { #expect(try ask(cache, ["X-A: \(number)"], vary: []).body == "\(number)") }
  }

  /// The newest answer says by what a resource varies.
  @Test func theOriginMayChangeItsMind() throws {
    let cache = try cache()
    _ = try ask(cache, ["X-A: 1"], vary: ["Vary: X-A"], body: "1")
    _ = try ask(cache, ["X-A: 2"], vary: ["Vary: X-A, X-B"], body: "2")
    #expect(try ask(cache, ["X-A: 1"], vary: ["Vary: X-A, X-B"], body: "3").body == "3")
    #expect(try ask(cache, ["X-A: 2"], vary: []).body == "2")
    #expect(try !ask(cache, ["X-A: 2", "X-B: 1"], vary: ["Vary: X-A, X-B"]).isHit)
  }

  /// A coding that the client may not take never reaches it by the origin's mistake.
  @Test(arguments: [[], ["Vary: accept-encoding"], ["Vary: X-A"]])
  func codingsVary(vary: [String]) throws {
    let cache = try cache()
    let coded = ["Content-Encoding: br"]
    #expect(try ask(cache, ["Accept-Encoding: br, gzip"], vary: vary, more: coded).fields.contains("stored"))
    for other in [[], ["Accept-Encoding: gzip"], ["Accept-Encoding: br;q=0"], ["Accept-Encoding:"]] {
      #expect(try !ask(cache, other, vary: vary, more: coded).isHit, "\(other)")
    }
    #expect(try ask(cache, ["Accept-Encoding: gzip;q=1, BR"], vary: vary, more: coded).isHit)
    // Whom the gateway asks for in another form than the client, no later request can be matched with.
    let exchange = try cache.bench.exchange("GET /other HTTP/1.1", ["Accept-Encoding: br"])
    exchange.requestAdditions.add(.acceptEncoding, text: "gzip")
    #expect(try !cache.run(exchange, fields: coded + vary + ["Cache-Control: max-age=60"]).fields.contains("stored"))
  }
}

/// Accept-Language in one form (RFC 9110 section 12.5.4).
@Suite struct AcceptLanguageTests {
  /// What stands for a request's fields in a key.
  private func form(_ values: [String]) throws -> [UInt8] {
    let exchange = try Bench().exchange("GET / HTTP/1.1", values.map { "Accept-Language: \($0)" })
    var bytes = KeyBytes()
    FieldSelection(["Accept-Language"]).writeValues(of: exchange.request.block, into: &bytes)
    return bytes.withBytes { Array($0) }
  }

  @Test(
    arguments: [
      (["en, de"], ["en,de"]), (["en, de"], ["eN ,  De"]), (["en-GB;q=0.8, *;q=0.1"], ["en-gb ; q=0.8,*; Q=0.1"]),
      (["en", "de"], ["en , de"]), (["en"], [",en,"]),
    ] as [([String], [String])])
  func theSame(one: [String], other: [String]) throws { #expect(try form(one) == form(other)) }

  /// All pairwise different: what stands first may be what the reader likes best, and what is no language is compared as
  /// it was sent.
  @Test func different() throws {
    let all: [[String]] = [
      [], [""], ["en, de"], ["de, en"], ["en"], ["en;q=1"], ["en;q=0.5"], ["en;q=0.50"], ["ende"], ["en de"],
      ["en d e"],
      ["\"en"], ["\"EN"], ["en;"], ["en;;q=1"], ["en;q =1"], ["en-"], ["en_de"], ["EN_DE"], [","],
    ]
    #expect(Set(try all.map(form)).count == all.count)
  }
}

/// Accept-Encoding in one form (RFC 9110 section 12.5.3).
@Suite struct AcceptEncodingTests {
  /// What stands for a request's fields in a key.
  private func form(_ values: [String]) throws -> [UInt8] {
    let exchange = try Bench().exchange("GET / HTTP/1.1", values.map { "Accept-Encoding: \($0)" })
    var bytes = KeyBytes()
    FieldSelection(["accept-encoding"]).writeValues(of: exchange.request.block, into: &bytes)
    return bytes.withBytes { Array($0) }
  }

  @Test(
    arguments: [
      (["gzip, br"], ["br,gzip"]), (["gzip"], ["GZip ; q=1"]), (["gzip;q=0.5"], ["gzip; Q=0.500"]),
      (["gzip", "br"], ["br , gzip"]), (["x-gzip"], ["gzip;q=1.0"]), ([""], [",,"]), (["*;q=0"], ["* ;q=0."]),
    ] as [([String], [String])])
  func theSame(one: [String], other: [String]) throws { #expect(try form(one) == form(other)) }

  /// All pairwise different, the ones that have no common form among them.
  @Test func different() throws {
    let all: [[String]] = [
      [], [""], ["gzip"], ["br"], ["gzip, br"], ["gzip;q=0"], ["gzip;q=0.5"], ["gzip;q=0.501"], ["identity"], ["*"],
      ["gzip, *"], ["zstd"], ["deflate"], ["compress"], ["dcb"], ["gzip, dcb"], ["gzip, gzip"], ["gzip;q=2"],
      ["gzip;q=1.001"], ["gzip;q=0.5000"], ["gzip;x=1"], ["gzip;q"], ["gzip;q="], ["\"gzip"], ["gzip;q=0.a"],
      ["gzip;q=01"],
    ]
    #expect(Set(try all.map(form)).count == all.count)
  }
}
