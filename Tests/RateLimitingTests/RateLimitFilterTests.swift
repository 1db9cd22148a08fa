import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import RateLimiting

@Suite struct RateLimitFilterTests {
  private let bench = Bench()

  private func filter(_ settings: [String: ConfigNode.Value]) throws -> RateLimitFilter {
    let plugin: RateLimitingPlugin = try bench.plugin(settings)
    return try #require(plugin.makeFilter(on: bench.loop) as? RateLimitFilter)
  }

  private func status(_ verdict: Verdict) -> UInt16? {
    if case .reply(let reply) = verdict { reply.status } else { nil }
  }

  @Test func tellsTheClient() throws {
    let filter = try filter(["rate": .text("600/m")])
    let exchange = try bench.exchange(identity: .sample(1))
    #expect(status(filter.limit(exchange)) == nil)
    #expect(exchange.addedFields == "RateLimit-Policy: \"default\";q=600;w=60\r\nRateLimit: \"default\";r=599;t=1\r\n")
  }

  @Test func refusesWith429() throws {
    let filter = try filter(["rate": .text("2/m"), "name": .text("few")])
    for _ in 0..<2 { #expect(status(filter.limit(try bench.exchange(identity: .sample(1)))) == nil) }
    let exchange = try bench.exchange(identity: .sample(1))
    guard case .reply(let reply) = filter.limit(exchange) else { throw Bench.IncompleteHead() }
    #expect(reply.status == 429)
    #expect(reply.reason == "rate_limited")
    #expect(exchange.addedFields.hasSuffix("RateLimit: \"few\";r=0;t=60\r\nRetry-After: 30\r\n"))
    // Half a minute and a bit less: rounded up, and at least a second.
    bench.clock.advance(29_999_999_999)
    let early = try bench.exchange(identity: .sample(1))
    #expect(status(filter.limit(early)) == 429)
    #expect(early.addedFields.hasSuffix("Retry-After: 1\r\n"))
    bench.clock.advance(1)
    #expect(status(filter.limit(try bench.exchange(identity: .sample(1)))) == nil)
  }

  @Test func hidesItsFields() throws {
    let filter = try filter(["rate": .text("1/h"), "headers": .text("false")])
    let first = try bench.exchange()
    _ = filter.limit(first)
    #expect(first.addedFields.isEmpty)
    let second = try bench.exchange()
    #expect(status(filter.limit(second)) == 429)
    #expect(second.addedFields == "Retry-After: 3600\r\n")
  }

  @Test func leavesOutAWindowThatIsNoWholeNumber() throws {
    let filter = try filter(["rate": .text("5/250ms")])
    let exchange = try bench.exchange()
    _ = filter.limit(exchange)
    #expect(exchange.addedFields.hasPrefix("RateLimit-Policy: \"default\";q=5\r\n"))
  }

  @Test func countsEachCallerOfEachDomain() throws {
    let filter = try filter(["rate": .text("1/h")])
    for domain in ["a", "b", "ab"] {
      for number in UInt64(0)..<3 {
        #expect(status(filter.limit(try bench.exchange(domain: domain, identity: .sample(number)))) == nil)
        #expect(status(filter.limit(try bench.exchange(domain: domain, identity: .sample(number)))) == 429)
      }
      #expect(status(filter.limit(try bench.exchange(domain: domain))) == nil)
      #expect(status(filter.limit(try bench.exchange(domain: domain, address: "192.0.2.2"))) == 429)
    }
  }

  /// Parts are length-prefixed: moving a border makes another key.
  @Test func partsDoNotRunTogether() throws {
    let filter = try filter(["rate": .text("1/h"), "key": .list(["domain", "subject"])])
    for (domain, subject) in [("aGET", "GET"), ("a", "GETGET"), ("aG", "ETGET"), ("aGETG", "ET")] {
      let identity = Identity.sample(1, subject: subject)
      #expect(status(filter.limit(try bench.exchange(domain: domain, identity: identity))) == nil)
    }
  }

  /// Two issuers may give two callers the same name.
  @Test func subjectsBelongToTheirIssuers() throws {
    let filter = try filter(["rate": .text("1/h"), "key": .text("subject")])
    for issuer in ["a", "b"] {
      let identity = Identity.sample(1, subject: "same", issuer: issuer)
      #expect(status(filter.limit(try bench.exchange(identity: identity))) == nil)
      #expect(status(filter.limit(try bench.exchange(identity: identity))) == 429)
    }
  }

  /// So may claims of the same name.
  @Test func claimsBelongToTheirIssuers() throws {
    let filter = try filter(["rate": .text("1/h"), "key": .text("claim:tenant")])
    for issuer in ["a", "b"] {
      let identity = Identity.sample(1, issuer: issuer, claims: [(name: "tenant", value: "same")])
      #expect(status(filter.limit(try bench.exchange(identity: identity))) == nil)
      #expect(status(filter.limit(try bench.exchange(identity: identity))) == 429)
    }
  }

  /// A client that makes up methods is still the same client.
  @Test func unknownMethodsAreOne() throws {
    let filter = try filter(["rate": .text("1/h"), "key": .list(["domain", "method"])])
    for (method, expected) in [("GET", nil), ("POST", nil), ("A", nil), ("B", UInt16(429)), ("get", 429)] {
      #expect(status(filter.limit(try bench.exchange("\(method) / HTTP/1.1"))) == expected, "\(method)")
    }
  }

  @Test func missingParts() throws {
    let skip = try filter(["rate": .text("1/h"), "missing": .text("skip")])
    for _ in 0..<5 { #expect(status(skip.limit(try bench.exchange())) == nil) }
    let deny = try filter(["rate": .text("1/h"), "missing": .text("deny")])
    #expect(status(deny.limit(try bench.exchange())) == 403)
    #expect(status(deny.limit(try bench.exchange(identity: .sample(1)))) == nil)
  }

  /// What a rule refuses, and what it would have refused, is counted.
  @Test func missingPartsAreCounted() throws {
    let enforced = try Rig("{ rate: 1/h, missing: deny }")
    #expect(try enforced.ask(identity: nil) == 403)
    #expect(enforced.counter("gatehouse_rate_limit_refused_total", "key_missing") == 1)
    let shadow = try Rig("{ rate: 1/h, missing: deny, mode: shadow }")
    let exchange = try shadow.exchange(identity: nil)
    #expect(shadow.ask(exchange) == nil && exchange.shadowReason == "rate_limit_key_missing")
    #expect(shadow.counter("gatehouse_rate_limit_shadow_total", "default") == 1)
  }

  /// A domain's origin may be the domain's own.
  @Test func pointsOutRulesOfTheFloorThatOriginsLoosen() throws {
    for (settings, count) in [("refund: 4xx", 1), ("cost: { field: X-Cost }", 1), ("burst: 2", 0)] {
      for scope in [PluginScope.floor, .defaults] {
        let remarks = try Rig("{ rate: 5/h, \(settings) }", scope: scope).harness.plugin.remarks
        #expect(remarks.count == (scope == .floor ? count : 0))
      }
    }
  }

  /// What clients are told of an origin's own limits would contradict the gateway's.
  @Test func olderFieldsOfTheOriginGiveWay() throws {
    for (settings, isRemoved) in [("legacy_headers: true", true), ("legacy_headers: false", false)] {
      let rig = try Rig("{ rate: 5/h, \(settings) }")
      let exchange = try rig.exchange()
      #expect(rig.ask(exchange) == nil)
      try rig.finish(exchange, "HTTP/1.1 200 OK", "x-ratelimit-limit: 7", "X-RateLimit-Reset: 1", "Content-Length: 0")
      #expect((exchange.response.block.firstIndex(named: "X-RateLimit-Limit") == nil) == isRemoved)
      #expect((exchange.response.block.firstIndex(named: "X-RateLimit-Reset") == nil) == isRemoved)
    }
  }

  @Test func addressesCountByPrefix() throws {
    let filter = try filter(["rate": .text("1/h"), "key": .text("address")])
    let groups = [
      ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.2"], ["2001:db8::1", "2001:db8:0:0:ffff::2"], ["2001:db8:0:1::1"],
      ["fe80::1%eth0", "fe80::2%eth1"], ["unix"],
    ]
    for group in groups {
      for (index, address) in group.enumerated() {
        #expect((status(filter.limit(try bench.exchange(address: address))) == nil) == (index == 0), "\(address)")
      }
    }
  }

  @Test func fullTable() throws {
    for (setting, expected) in [("refuse", UInt16(503)), ("allow", nil)] {
      let bench = Bench(memoryLimits: MemoryLimitStore(entries: 1))
      let plugin: RateLimitingPlugin = try bench.plugin(["rate": .text("1/h"), "when_full": .text(setting)])
      let filter = try #require(plugin.makeFilter(on: bench.loop) as? RateLimitFilter)
      #expect(status(filter.limit(try bench.exchange(identity: .sample(1)))) == nil)
      #expect(status(filter.limit(try bench.exchange(identity: .sample(2)))) == expected)
    }
  }

  @Test func settingsAreChecked() {
    let wrong: [[String: ConfigNode.Value]] = [
      [:], ["rate": .text("0/s")], ["rate": .text("1/s"), "burst": .text("0")],
      ["rate": .text("1/s"), "key": .text("ip")],
      ["rate": .text("1/s"), "key": .list([])], ["rate": .text("1/s"), "name": .text("a\"b")],
      ["rate": .text("1/36500d"), "burst": .text("1000")], ["rate": .text("1/s"), "limit": .text("1")],
      ["rate": .text("1/s"), "key": .list(["token", "token"])], ["rate": .text("1/s"), "entries": .text("5")],
      ["rate": .text("1/s"), "concurrent": .text("1")], ["quota": .text("5/fortnight")], ["quota": .text("0/day")],
      ["quota": .text("5/day"), "time_zone": .text("Mars/Olympus")], ["rate": .text("1/s"), "time_zone": .text("UTC")],
      ["rate": .text("1/s"), "algorithm": .text("sliding_window"), "burst": .text("2")], ["burst": .text("2")],
      ["rate": .text("1/s"), "on_failure": .text("open")], ["rate": .text("1/s"), "store": .text("disk")],
      ["rate": .text("1/s"), "key": .text("header:a b")], ["rate": .text("1/s"), "key": .text("claim:")],
      ["rate": .text("1/s"), "refund": .text("200")], ["rate": .text("1/s"), "cost": .text("-1")],
    ]
    for values in wrong {
      #expect(throws: ConfigurationError.self) {
        let _: RateLimitSettings = try bench.settings(values)
      }
    }
  }
}
