import GatewayKit
import GatewayTesting
import Testing

@testable import RateLimiting

/// Several rules at once, and rules of every kind.
@Suite struct SeveralRulesTests {
  @Test func allMustPassAndTheTightestIsReported() throws {
    let rig = try Rig(
      "limits: [{ name: minute, rate: 10/m }, { name: day, quota: 3/day }, { name: hidden, rate: 100/s, headers: false }]"
    )
    let first = try rig.exchange()
    #expect(rig.ask(first) == nil)
    #expect(
      first.addedFields == "RateLimit-Policy: \"minute\";q=10;w=60, \"day\";q=3;w=86400\r\n"
        + "RateLimit: \"day\";r=2;t=28800\r\n")
    #expect(try rig.passing(5) == 2)
    let refused = try rig.exchange()
    #expect(rig.ask(refused) == 429)
    #expect(refused.addedFields.contains("RateLimit: \"day\";r=0;t=28800\r\nRetry-After: 28800\r\n"))
  }

  /// What one rule refuses takes nothing from the others, however often.
  @Test func refusedRequestsTakeNothingFromAnyRule() throws {
    let rig = try Rig("limits: [{ name: wide, key: domain, rate: 5/h }, { name: narrow, rate: 1/h }]")
    #expect(try rig.passing(100) == 1)
    // Four of the domain's five are left for others.
    for number in UInt64(2)...5 { #expect(try rig.ask(identity: .sample(number)) == nil) }
    #expect(try rig.ask(identity: .sample(6)) == 429)
  }

  /// A hidden rule that refuses shows how long to wait and nothing of itself.
  @Test func aHiddenRuleStaysHidden() throws {
    let rig = try Rig(
      "limits: [{ name: shown, rate: 10/m }, { name: abuse, rate: 1/h, headers: false }]")
    #expect(try rig.ask() == nil)
    let refused = try rig.exchange()
    #expect(rig.ask(refused) == 429)
    #expect(!refused.addedFields.contains("abuse"))
    #expect(refused.addedFields.contains("RateLimit: \"shown\";r=9;t=6\r\n"))
    #expect(refused.addedFields.hasSuffix("Retry-After: 3600\r\n"))
  }

  @Test func legacyFieldsBySetting() throws {
    let rig = try Rig("rate: 10/m, legacy_headers: true".braced)
    let exchange = try rig.exchange()
    #expect(rig.ask(exchange) == nil)
    #expect(
      exchange.addedFields.hasSuffix(
        "X-RateLimit-Limit: 10\r\nX-RateLimit-Remaining: 9\r\nX-RateLimit-Reset: 6\r\n"))
  }

  @Test func aSlidingWindowHoldsInEverySpan() throws {
    let rig = try Rig("rate: 4/10s, algorithm: sliding_window".braced)
    #expect(try rig.passing(2) == 2)
    rig.advance(.seconds(6))
    #expect(try rig.passing(5) == 2)
    rig.advance(.milliseconds(3999))
    let early = try rig.exchange()
    #expect(rig.ask(early) == 429)
    #expect(early.addedFields.hasSuffix("Retry-After: 1\r\n"))
    rig.advance(.milliseconds(1))
    #expect(try rig.passing(5) == 2)
    rig.advance(.seconds(6))
    #expect(try rig.passing(5) == 2)
  }

  @Test func aQuotaBeginsAnewWithItsPeriod() throws {
    // It is 16:00 UTC, and 17:00 in Berlin.
    let rig = try Rig("quota: 2/day, time_zone: Europe/Berlin".braced)
    #expect(try rig.passing(5) == 2)
    rig.advance(.seconds(7 * 3600 - 1))
    #expect(try rig.passing(5) == 0)
    rig.advance(.seconds(1))
    #expect(try rig.passing(5) == 2)
  }

  @Test func requestsAtATimeComeBackWithTheirEnd() throws {
    let rig = try Rig("concurrent: 2, name: busy".braced)
    let (first, second) = (try rig.exchange(), try rig.exchange())
    #expect(rig.ask(first) == nil)
    #expect(
      first.addedFields == "RateLimit-Policy: \"busy\";q=2;qu=\"concurrent-requests\"\r\nRateLimit: \"busy\";r=1\r\n")
    #expect(rig.ask(second) == nil)
    let third = try rig.exchange()
    #expect(rig.ask(third) == 429)
    rig.filter.observe(third)
    #expect(try rig.ask() == 429)
    try rig.finish(first)
    #expect(try rig.passing(3) == 1)
    // A client that left before its answer.
    rig.filter.observe(second)
    #expect(try rig.passing(3) == 1)
  }

  @Test func aRuleInShadowRefusesNobody() throws {
    let rig = try Rig(
      "limits: [{ name: real, rate: 5/h }, { name: planned, rate: 2/h, mode: shadow }]")
    for index in 0..<5 {
      let exchange = try rig.exchange()
      #expect(rig.ask(exchange) == nil)
      #expect((exchange.shadowReason == "rate_limited") == (index >= 2))
      #expect(!exchange.addedFields.contains("planned"))
    }
    #expect(rig.counter("gatehouse_rate_limit_shadow_total", "planned") == 3)
    #expect(try rig.ask() == 429)
    #expect(rig.counter("gatehouse_rate_limit_shadow_total", "planned") == 3)
  }

  /// The floor's rules and a domain's are taken in one step, and a domain's rule is never taken for the floor's, however
  /// alike it is: it can neither use up the floor's allowance nor give it back.
  @Test func instancesCombine() throws {
    let bench = Bench()
    func plugin(_ scope: PluginScope, _ settings: [String: ConfigNode.Value]) throws -> RateLimitingPlugin {
      var environment = bench.environment
      environment.scope = scope
      return try RateLimitingPlugin(
        settings: bench.settings(settings), at: SourcePosition(file: "test.yaml", line: 1, column: 1),
        environment: environment)
    }
    let floor = try plugin(.floor, ["rate": .text("3/h"), "key": .text("address"), "name": .text("same")])
    let own = try plugin(
      .domain,
      [
        "rate": .text("3/h"), "key": .text("address"), "name": .text("same"), "cost": .text("3"),
        "refund": .text("5xx"),
      ])
    let filter = try #require(
      RateLimitingPlugin.makeFilter(on: bench.loop, combining: [floor, own]) as? RateLimitFilter)
    #expect(filter.rules.count == 2)
    // The domain's own rule refuses the second, again and again, and the floor's keeps what it has.
    let first = try bench.exchange(identity: .sample(1))
    guard case .next = filter.limit(first) else { throw Bench.IncompleteHead() }
    for _ in 0..<5 {
      guard case .reply = filter.limit(try bench.exchange(identity: .sample(1))) else { throw Bench.IncompleteHead() }
    }
    // What the origin's failure gives back is what the domain's rule took, and one of the floor's stays taken.
    first.replyInProgress = Reply(refusing: 503, "upstream_busy", message: "")
    filter.response(first)
    filter.observe(first)
    let alone = try #require(floor.makeFilter(on: bench.loop) as? RateLimitFilter)
    let next = try bench.exchange(identity: .sample(1))
    _ = alone.limit(next)
    #expect(next.addedFields.contains("RateLimit: \"same\";r=1;"))
  }

  /// What one domain sets of itself is nothing to another.
  @Test func domainsDoNotShareWhatTheySet() throws {
    var rig = try Rig("{ rate: 1/h, key: address }", scope: .domain)
    #expect(try rig.passing(3, domain: "a.example") == 1)
    #expect(try rig.passing(3, domain: "b.example") == 1)
    rig = try Rig("{ rate: 1/h, key: address }", scope: .defaults)
    #expect(try rig.passing(3, domain: "a.example") == 1)
    #expect(try rig.passing(3, domain: "b.example") == 0)
  }
}

extension String {
  /// As a mapping in one line.
  var braced: String { "{ \(self) }" }
}
