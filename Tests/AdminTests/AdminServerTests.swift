import Admin
import GatewayEngine
import GatewayKit
import GatewayTesting
import Logging
import Testing

@Suite struct AdminServerTests {
  /// A gateway with its interface on a free port.
  private static func with(_ body: (_ gateway: TestGateway, _ admin: Int, _ readiness: Readiness) async throws -> Void)
    async throws
  {
    let closed = try ClosedPort()
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      timeouts: { request_head: 5m, body_idle: 5m, keep_alive_idle: 5m }
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(closed.port)"] } }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml) { gateway in
      let (ports, bound) = AsyncStream<Int>.makeStream()
      let readiness = Readiness()
      let configuration = AdminConfiguration(
        bind: BindAddress(host: "127.0.0.1", port: 0), position: SourcePosition(file: "test.yaml", line: 1, column: 1))
      let server = AdminServer(
        configuration, gateway: gateway.gateway, readiness: readiness,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      ) { bound.yield($0) }
      async let running: Void = server.run()
      let port = try #require(await ports.first { _ in true })
      try await body(gateway, port, readiness)
      await server.stop()
      try await running
    }
  }

  private static func get(_ path: String, port: Int) async throws -> String {
    try await RawConnection.with(port: port) { exchange in
      try await exchange.send("GET \(path) HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n")
      return await exchange.receiveAll()
    }
  }

  @Test func tellsLifeAndReadiness() async throws {
    try await Self.with { _, admin, readiness in
      let expected = [("/livez", 200), ("/readyz", 503), ("/nothing", 404)]
      for (path, status) in expected {
        let answer = try await Self.get(path, port: admin)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
      }
      readiness.isReady = true
      let ready = try await Self.get("/readyz", port: admin)
      #expect(ready.hasPrefix("HTTP/1.1 200 "))
    }
  }

  @Test func showsWhatWasCounted() async throws {
    try await Self.with { gateway, admin, _ in
      let request = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
      let answer = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request)
        return await exchange.receiveAll()
      }
      #expect(answer.hasPrefix("HTTP/1.1 502 "))
      let page = try await Self.get("/metrics", port: admin)
      for line in [
        "# TYPE gatehouse_requests_total counter", "gatehouse_requests_total 1",
        "gatehouse_responses_total{class=\"5xx\"} 1", "gatehouse_refusals_total{reason=\"upstream_connect_failed\"} 1",
        "gatehouse_upstream_connect_failures_total 1", "gatehouse_connections_total 1",
      ] {
        #expect(page.contains("\n\(line)\n"), "\(line) is missing in \(page)")
      }
    }
  }
}
