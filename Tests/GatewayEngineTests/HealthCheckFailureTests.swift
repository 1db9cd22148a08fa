import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite(.timeLimit(.minutes(5))) struct HealthCheckFailureTests {
  /// What a check finds is nothing that requests came to.
  @Test func countsARefusedCheckAsNoRequest() async throws {
    let closed = try ClosedPort()
    try await HealthRig.with(["http://127.0.0.1:\(closed.port)"], upstream: "ejection: { failures: 1 }") { rig in
      try await rig.checked(1)
      #expect(try await rig.health() == [[false]])
      try await rig.logged("reason=upstream_connect_failed")
      let counters = try await rig.gateway.counters()
      #expect(counters.upstreamFailures == 0 && counters.ejections == 0 && counters.upstreamConnectFailures == 0)
      #expect(counters.upstreamConnects == 0 && counters.upstreamOpen == 0)
      let status = try #require(try await rig.gateway.gateway.upstreams().first?.endpoints.first)
      #expect(status.ejectedLoops == 0 && status.inFlight == 0 && status.open == 0 && status.addresses == 1)
    }
  }

  @Test func speaksTLSAsTheRequestsDo() async throws {
    let authority = try TLSAuthority()
    let files = try authority.issue("DNS:localhost,IP:127.0.0.1")
    let tls = "{ certificates: [{ certificate: \"\(files.certificate)\", key: \"\(files.key)\" }] }"
    // Another gateway; it knows no such domain.
    let origin = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0", tls: \(tls) }]
      upstreams: { nobody: { endpoints: ["http://127.0.0.1:9"] } }
      domains: [{ name: example.com, upstream: nobody }]
      """
    let trust = "tls: { authority: \"\(authority.certificate)\" }"
    try await TestGateway.with(origin) { origin in
      let url = "https://127.0.0.1:\(origin.port)"
      try await HealthRig.with([url], check: ", statuses: [404]", upstream: trust) { rig in
        try await rig.checked(1)
        #expect(try await rig.health() == [[true]])
        #expect(try await origin.counters().requests == 1)
      }
      let other = try TLSAuthority()
      let distrust = "tls: { authority: \"\(other.certificate)\" }"
      try await HealthRig.with([url], check: ", statuses: [404]", upstream: distrust) { rig in
        try await rig.checked(1)
        #expect(try await rig.health() == [[false]])
        try await rig.logged("an endpoint fails its health checks endpoint=\(url) reason=upstream_tls_failed")
      }
    }
  }

  @Test func endsWithTheGateway() async throws {
    let origins = [try await CheckedOrigin.start(""), try await CheckedOrigin.start("")]
    let yaml = HealthRig.yaml(origins.map { "http://127.0.0.1:\($0.port)" })
    let gateway = try await TestGateway.start(yaml, clock: TestClock())
    try await eventually("the checks") { origins.allSatisfy { $0.checks.requests.count == 1 } }
    // Were the checks waited for, this would not return.
    await gateway.stop(limit: .seconds(3600))
    try await eventually("the end of their connections") { origins.allSatisfy { $0.checksCut == 1 } }
  }

  /// A loop that was told of no address.
  @Test func findsAnEndpointWithoutAddressUnhealthy() async throws {
    let (clock, log) = (TestClock(), LogLines())
    let generation = try TestGateway.compile(
      HealthRig.yaml(["http://nowhere.test:80"]), clock: clock, logger: log.logger)
    let entrance = Entrance(generation.configuration.limits, loops: 1)
    let lane = try await Lane.start(0, generation, entrance: entrance, clock: clock, logger: log.logger)
    lane.startChecks { lane.checked($0, $1, isHealthy: $2) }
    try await eventually("the check") { try await lane.counters().healthCheckFailures == 1 }
    #expect(try await lane.pools().first?.endpoints.first?.isHealthy == false)
    try await eventually("the log") { log.lines.contains { $0.contains("reason=upstream_unresolved") } }
    await lane.stop()
  }

  /// Passive health: nobody asks for the endpoint, and its return is told all the same.
  @Test func tellsThatAnEjectedEndpointIsBack() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let closed = try ClosedPort()
    let (clock, log) = (TestClock(), LogLines())
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams:
        origin:
          endpoints: ["http://127.0.0.1:\(origin.port)", "http://127.0.0.1:\(closed.port)"]
          ejection: { failures: 1, time: 20s }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml, clock: clock, logger: log.logger) { gateway in
      let rig = HealthRig(gateway: gateway, clock: clock, log: log)
      try await rig.request(4)
      try await rig.logged("warning an endpoint is left out for failing endpoint=http://127.0.0.1:\(closed.port)")
      let ejected = try await gateway.gateway.upstreams().first?.endpoints.map(\.ejectedLoops)
      #expect(ejected == [0, 1])
      clock.advance(by: .seconds(21))
      try await rig.logged("notice an endpoint is used again endpoint=http://127.0.0.1:\(closed.port)")
      let after = try await gateway.gateway.upstreams().first?.endpoints.map(\.ejectedLoops)
      #expect(after == [0, 0])
    }
  }
}
