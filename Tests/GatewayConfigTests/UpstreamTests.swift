import GatewayKit
import Testing

/// The upstream of the smallest configuration with these settings.
private func upstream(_ settings: String, endpoints: String = "\"http://a\"") throws -> UpstreamConfiguration {
  let text = configuration([3: "upstreams: { api: { endpoints: [\(endpoints)], \(settings) } }"])
  return try #require(try parse(text).upstreams.first)
}

@Suite struct UpstreamTests {
  @Test func whatIsLeftOutHasItsDefault() throws {
    let bare = try upstream("")
    #expect(bare.balance == .roundRobin && bare.endpoints.map(\.weight) == [1])
    #expect(bare.resolveInterval == .seconds(30) && bare.maxAge == nil && bare.fair == FairConfiguration())
    #expect(bare.ejection == EjectionConfiguration() && bare.healthCheck == nil)
    #expect(bare.retry == RetryConfiguration() && bare.tls == UpstreamTLSConfiguration())
  }

  @Test func endpointsHaveWeights() throws {
    let endpoints = try upstream(
      "", endpoints: "\"https://a/x\", { url: \"http://b:81\", weight: 1000 }, { url: \"c:1\" }"
    )
    .endpoints
    #expect(endpoints.map(\.weight) == [1, 1000, 1])
    #expect(endpoints.map(\.description) == ["https://a:443/x", "http://b:81", "http://c:1"])
  }

  @Test func domainsShareByWeight() throws {
    let fair = try upstream("fair: { headroom: 20%, weights: { A.test: 3 } }").fair
    #expect(fair?.headroom == 20 && fair?.weights.map(\.domain) == ["a.test"] && fair?.weights.map(\.weight) == [3])
    #expect(try upstream("fair: off").fair == nil)
    #expect(try upstream("fair: {}").fair == FairConfiguration())
    #expect(try upstream("fair: { headroom: 0% }").fair?.headroom == 0)
  }

  @Test func aHostIsNoNameOfADomain() throws {
    let found = issues(
      configuration([
        3: "upstreams: { api: { endpoints: [\"http://a\"], fair: { weights: { b.test: 2 } } } }",
        4: "domains: [{ name: a.test, hosts: b.test, upstream: api }]",
      ]))
    #expect(found.count == 1 && found.first?.hint?.contains("a host of `a.test`") == true)
  }

  @Test func oneEndpointNeedsNoList() throws {
    let loaded = try parse(configuration([3: "upstreams: { api: { endpoints: { url: \"http://b\", weight: 3 } } }"]))
    #expect(loaded.upstreams[0].endpoints == [Endpoint(isTLS: false, host: "b", port: 80, weight: 3)])
  }

  @Test(arguments: [
    ("round_robin", BalancePolicy.roundRobin), ("least_requests", .leastRequests), ("{ hash: token }", .hash(.token)),
    ("{ hash: domain }", .hash(.domain)), ("{ hash: address }", .hash(.address)), ("{ hash: path }", .hash(.path)),
    ("{ hash: header:X-Device_Id }", .hash(.header("x-device_id"))),
  ])
  func balances(text: String, policy: BalancePolicy) throws {
    #expect(try upstream("balance: \(text)").balance == policy)
  }

  @Test func connectionsEndAndNamesAreResolvedAgain() throws {
    let loaded = try upstream("resolve_every: 1m, max_age: 1h")
    #expect(loaded.resolveInterval == .seconds(60) && loaded.maxAge == .seconds(3600))
    #expect(try upstream("max_age: unlimited").maxAge == nil)
  }

  @Test func failingEndpointsAreEjected() throws {
    var expected = EjectionConfiguration()
    (expected.failures, expected.base, expected.longest, expected.cap) = (3, .seconds(1), .seconds(60), 100)
    #expect(try upstream("ejection: { failures: 3, time: 1s, longest: 1m, cap: 100% }").ejection == expected)
    #expect(try upstream("ejection: off").ejection == nil)
    #expect(try upstream("ejection: {}").ejection == EjectionConfiguration())
  }

  @Test func aLongFirstEjectionIsTheLongestUnlessSaid() throws {
    let ejection = try upstream("ejection: { time: 10m }").ejection
    #expect(ejection?.base == .seconds(600) && ejection?.longest == .seconds(600))
  }

  @Test func healthIsAskedFor() throws {
    let check = try upstream(
      """
      health_check: { path: "/a-%7E/b?c=d", interval: 10s, timeout: 10s, healthy: 1, unhealthy: 4,
          statuses: [200-299, 404], host: API.test:8080 }
      """
    ).healthCheck
    var expected = HealthCheckConfiguration(path: "/a-%7E/b?c=d")
    (expected.interval, expected.timeout, expected.healthy, expected.unhealthy) = (.seconds(10), .seconds(10), 1, 4)
    expected.statuses = [200...299, 404...404]
    expected.host = "api.test:8080"
    #expect(check == expected)
    #expect(try upstream("health_check: { path: / }").healthCheck == HealthCheckConfiguration(path: "/"))
    #expect(try upstream("health_check: off").healthCheck == nil)
  }

  @Test func aShortIntervalShortensTheTimeout() throws {
    let check = try upstream("health_check: { path: /, interval: 500ms, host: \"[::1]\", statuses: 204 }").healthCheck
    #expect(check?.timeout == .milliseconds(500) && check?.host == "[::1]" && check?.statuses == [204...204])
  }

  @Test func requestsAreSentAgain() throws {
    var expected = RetryConfiguration()
    (expected.attempts, expected.budget, expected.least, expected.statuses) = (3, 5, 0, [502, 503])
    expected.body = 0
    #expect(
      try upstream("retry: { attempts: 3, budget: 5%, least: 0, statuses: [502, 503], body: 0B }").retry == expected)
    expected = RetryConfiguration()
    expected.attempts = 1
    #expect(try upstream("retry: off").retry == expected)
    #expect(try upstream("retry: { attempts: 1 }").retry == expected)
  }
}
