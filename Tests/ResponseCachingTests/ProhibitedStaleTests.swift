import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// What forbids that an answer is given stale forbids it in every way: RFC 9111 section 4.2.4.
@Suite struct ProhibitedStaleTests {
  /// Ways to a stale answer.
  enum Way: CaseIterable {
    case maxStale, errorByClient, errorBySetting, errorByOrigin, noAnswer, whileAsking
  }

  private func cache(_ directives: String, _ way: Way) throws -> CacheHarness {
    var settings: [String: ConfigNode.Value] = ["respect": .text("origin"), "share": .text("domain")]
    switch way {
    case .errorBySetting, .noAnswer: settings["stale_if_error"] = .text("1h")
    case .whileAsking: settings["stale_while_revalidate"] = .text("1h")
    case .maxStale, .errorByClient, .errorByOrigin: break
    }
    let said = way == .errorByOrigin ? ", stale-if-error=3600" : ""
    let cache = try CacheHarness(settings)
    let fields = ["Cache-Control: max-age=10\(directives)\(said)", "ETag: \"v1\""]
    #expect(try cache.run(cache.bench.exchange(), fields: fields, body: "old").fields.contains("; stored"))
    cache.seconds(15)
    return cache
  }

  private func isGiven(_ cache: CacheHarness, _ way: Way) throws -> Bool {
    let wish: [String] =
      switch way {
      case .maxStale: ["Cache-Control: max-stale"]
      case .errorByClient: ["Cache-Control: stale-if-error=3600"]
      case .errorBySetting, .errorByOrigin, .noAnswer, .whileAsking: []
      }
    let exchange = try cache.bench.exchange("GET /me HTTP/1.1", wish)
    if let answer = cache.begin(exchange) { return answer.body == "old" }
    if way == .noAnswer { return cache.fail(exchange)?.body == "old" }
    let answer = try cache.head(exchange, fields: ["Content-Length: 0"], status: 503)
    return answer?.body == "old"
  }

  /// Without a ban each of the ways leads to it.
  @Test(arguments: Way.allCases) func otherwiseItIsGiven(way: Way) throws {
    #expect(try isGiven(cache("", way), way))
  }

  /// Sections 5.2.2.2, 5.2.2.4, 5.2.2.8 and 5.2.2.10.
  @Test(arguments: ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"], Way.allCases)
  func bans(directive: String, way: Way) throws {
    #expect(try !isGiven(cache(", \(directive)", way), way))
  }

  /// Section 4.4: nor is what a write has changed.
  @Test(arguments: Way.allCases) func changes(way: Way) throws {
    let cache = try cache("", way)
    _ = try cache.run(cache.bench.exchange("PUT /me HTTP/1.1"))
    #expect(try !isGiven(cache, way))
  }
}
