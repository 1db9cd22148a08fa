import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite(.timeLimit(.minutes(5))) struct HealthCheckTests {
  private static func url(_ origin: CheckedOrigin) -> String { "http://127.0.0.1:\(origin.port)" }

  @Test func leavesOutAnUnhealthyEndpointUntilItIsGoodAgain() async throws {
    let (good, bad) = (try await CheckedOrigin.start(), try await CheckedOrigin.start(response(500)))
    try await HealthRig.with([Self.url(good), Self.url(bad)]) { rig in
      try await rig.checked(2)
      try await rig.logged(
        "warning an endpoint fails its health checks endpoint=\(Self.url(bad)) reason=status 500 upstream=origin")
      try await rig.request(20)
      #expect(good.requests.requests.count == 20 && bad.requests.requests.isEmpty)

      bad.answer(response(204))
      try await rig.nextChecks(4)
      #expect(try await rig.health() == [[true, false]])
      try await rig.nextChecks(6)
      #expect(try await rig.health() == [[true, true]])
      try await rig.logged("notice an endpoint passes its health checks again endpoint=\(Self.url(bad))")
      try await rig.request(20)
      #expect(good.requests.requests.count == 30 && bad.requests.requests.count == 10)
      #expect(try await rig.gateway.counters().healthCheckFailures == 1)
    }
  }

  @Test func wantsSeveralBadAnswersBeforeItLeavesAHealthyOneOut() async throws {
    let origin = try await CheckedOrigin.start()
    try await HealthRig.with([Self.url(origin)]) { rig in
      try await rig.checked(1)
      origin.answer(response(503))
      for round in 2...4 as ClosedRange<UInt64> {
        #expect(try await rig.health() == [[true]])
        try await rig.nextChecks(round)
      }
      #expect(try await rig.health() == [[false]])
    }
  }

  /// While a check hangs, requests go on even where one connection is all there may be.
  @Test func takesNoAnswerInTimeForABadOne() async throws {
    let origin = try await CheckedOrigin.start("")
    let upstream = "max_connections: 1\n    max_waiting: 1"
    try await HealthRig.with([Self.url(origin)], upstream: upstream) { rig in
      try await eventually("the check") { origin.checks.requests.count == 1 }
      let during = try #require(try await rig.gateway.gateway.upstreams().first?.endpoints.first)
      #expect(during.inFlight == 0 && during.open == 0 && during.idle == 0 && during.isHealthy)
      try await rig.request(1)
      #expect(try await rig.gateway.counters().healthChecks == 0)
      rig.clock.advance(by: HealthRig.timeout + .milliseconds(100))
      try await rig.checked(1)
      #expect(try await rig.health() == [[false]])
      try await rig.logged("reason=timeout")
      try await eventually("the end of its connection") { origin.checksCut == 1 }
    }
  }

  @Test(arguments: [
    ("", response(200), true), ("", response(299), true), ("", response(300), false), ("", response(404), false),
    ("", "HTTP/1.1 103 Early\r\n\r\n" + response(200), true), ("", "HTTP/1.1 101 Other\r\n\r\n", false),
    (", statuses: [204, 401-403]", response(402), true), (", statuses: [204, 401-403]", response(200), false),
    ("", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nonly the head counts", true),
    ("", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", false),
    ("", "HTTP/1.1 200 OK\r\nContent-", false), ("", "nonsense\r\n\r\n", false),
  ])
  func judgesByTheHead(_ settings: String, _ answer: String, _ isHealthy: Bool) async throws {
    let origin = try await CheckedOrigin.start(answer)
    try await HealthRig.with([Self.url(origin)], check: settings) { rig in
      try await rig.checked(1)
      #expect(try await rig.health() == [[isHealthy]])
    }
  }

  @Test func asksForThePathBehindTheEndpointsOwn() async throws {
    let origin = try await CheckedOrigin.start()
    let (base, plain) = ("\(Self.url(origin))/base/v1", Self.url(origin))
    try await HealthRig.with([base, plain]) { try await $0.checked(2) }
    let rest = "User-Agent: gatehouse-health-check\r\nConnection: close\r\n\r\n"
    let host = "Host: 127.0.0.1:\(origin.port)\r\n"
    #expect(
      Set(origin.checks.requests) == [
        "GET /base/v1/health HTTP/1.1\r\n" + host + rest, "GET /health HTTP/1.1\r\n" + host + rest,
      ])
  }

  @Test func asksWithTheHostThatIsSet() async throws {
    let origin = try await CheckedOrigin.start()
    try await HealthRig.with([Self.url(origin)], check: ", host: api.test:8080") { try await $0.checked(1) }
    #expect(origin.checks.requests.first?.contains("\r\nHost: api.test:8080\r\n") == true)
  }

  @Test func usesAllWhenNoneIsHealthy() async throws {
    let origins = [try await CheckedOrigin.start(response(500)), try await CheckedOrigin.start(response(500))]
    try await HealthRig.with(origins.map(Self.url)) { rig in
      try await rig.checked(2)
      #expect(try await rig.health() == [[false, false]])
      try await rig.request(10)
      #expect(origins.map(\.requests.requests.count) == [5, 5])
    }
  }

  @Test func tellsEveryLoop() async throws {
    let (good, bad) = (try await CheckedOrigin.start(), try await CheckedOrigin.start(response(500)))
    try await HealthRig.with([Self.url(good), Self.url(bad)], check: ", healthy: 1", loops: 3) { rig in
      try await rig.checked(2)
      #expect(try await rig.health() == Array(repeating: [true, false], count: 3))
      try await rig.request(30)
      #expect(bad.requests.requests.isEmpty && bad.checks.requests.count == 1)
      bad.answer(helloResponse)
      try await rig.nextChecks(4)
      #expect(try await rig.health() == Array(repeating: [true, true], count: 3))
      #expect(good.checks.requests.count == 2 && bad.checks.requests.count == 2)
    }
  }
}
