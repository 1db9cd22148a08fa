import Admin
import GatewayEngine
import GatewayKit
import GatewayTesting
import Logging
import Testing

@Suite struct AdminServerTests {
  /// A gateway with its interface on a free port.
  private static func with(
    origin: Int? = nil, _ upstream: String = "",
    _ body: (_ gateway: TestGateway, _ admin: Int, _ readiness: Readiness) async throws -> Void
  ) async throws {
    let closed = try ClosedPort()
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      timeouts: { request_head: 5m, body_idle: 5m, keep_alive_idle: 5m }
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin ?? closed.port)/base"]\(upstream) } }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml) { gateway in
      let (ports, bound) = AsyncStream<Int>.makeStream()
      let readiness = Readiness()
      let configuration = AdminConfiguration(
        bind: BindAddress(host: "127.0.0.1", port: 0), position: SourcePosition(file: "test.yaml", line: 1, column: 1))
      let server = AdminServer(
        configuration, gateway: gateway.gateway, revocations: gateway.gateway.revocations, readiness: readiness,
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
      gateway.pluginCounters.gauge("plugin_age_seconds", help: "An age.", labels: [("source", "a")]) { 7 }
      let page = try await Self.get("/metrics", port: admin)
      for line in [
        "# TYPE gatehouse_requests_total counter", "gatehouse_requests_total 1",
        "gatehouse_responses_total{class=\"5xx\"} 1", "gatehouse_refusals_total{reason=\"upstream_connect_failed\"} 1",
        "gatehouse_upstream_connect_failures_total 1", "gatehouse_connections_total 1",
        "gatehouse_upstream_failures_total 1", "gatehouse_upstream_ejections_total 0",
        "gatehouse_health_checks_total 0", "gatehouse_health_check_failures_total 0",
        "# HELP plugin_age_seconds An age.", "# TYPE plugin_age_seconds gauge", "plugin_age_seconds{source=\"a\"} 7",
      ] {
        #expect(page.contains("\n\(line)\n"), "\(line) is missing in \(page)")
      }
    }
  }

  /// One request is at the origin, the other waits for its connection.
  @Test func showsHowUpstreamsDo() async throws {
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      guard try await exchange.receiveMessage()?.head.contains("gatehouse-health-check") == false else {
        return try await exchange.send("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n")
      }
      for await _ in release {}
      try await exchange.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    }
    let upstream = ", max_connections: 1, health_check: { path: /health, interval: 1h, timeout: 10m }"
    try await Self.with(origin: origin.port, upstream) { gateway, admin, _ in
      let request = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<2 {
          tasks.addTask {
            try await RawConnection.with(port: gateway.port) { exchange in
              try await exchange.send(request)
              let answer = await exchange.receiveAll()
              #expect(answer.hasPrefix("HTTP/1.1 200 "))
            }
          }
        }
        try await Self.page(at: admin, shows: Self.samples(origin.port))
        released.finish()
        try await tasks.waitForAll()
      }
      try await Self.page(at: admin, shows: ["gatehouse_upstream_waiting{upstream=\"origin\"} 0"])
    }
  }

  private static func samples(_ port: Int) -> [String] {
    let labels = "{upstream=\"origin\",endpoint=\"http://127.0.0.1:\(port)/base\"}"
    return [
      "# TYPE gatehouse_upstream_waiting gauge", "gatehouse_upstream_waiting{upstream=\"origin\"} 1",
      "# TYPE gatehouse_upstream_shed_total counter", "gatehouse_upstream_shed_total{upstream=\"origin\"} 0",
      "# TYPE gatehouse_upstream_endpoint_healthy gauge", "gatehouse_upstream_endpoint_healthy\(labels) 0",
      "gatehouse_upstream_endpoint_ejected_loops\(labels) 0", "gatehouse_upstream_endpoint_addresses\(labels) 1",
      "gatehouse_upstream_endpoint_weight\(labels) 1", "gatehouse_upstream_endpoint_requests_in_flight\(labels) 1",
      "gatehouse_upstream_endpoint_connections_open\(labels) 1",
      "gatehouse_upstream_endpoint_connections_idle\(labels) 0", "gatehouse_loops 1",
      "gatehouse_health_checks_total 1", "gatehouse_health_check_failures_total 1",
    ]
  }

  /// Reads the page until every line is there.
  private static func page(at admin: Int, shows lines: [String]) async throws {
    var missing = lines
    for _ in 0..<6000 {
      let page = try await get("/metrics", port: admin)
      missing = lines.filter { !page.contains("\n\($0)\n") }
      if missing.isEmpty { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("missing: \(missing)")
  }

  @Test(arguments: [
    ("https://a:443", "https://a:443"), ("say \"a\\b\"", "say \\\"a\\\\b\\\""), ("a\r\nb", "a\r\\nb"), ("ä", "ä"),
  ])
  func escapesLabels(_ value: String, _ escaped: String) {
    #expect(MetricLabels.render([("a", "1"), ("b", value)]) == "a=\"1\",b=\"\(escaped)\"")
    let registry = CounterRegistry()
    registry.counter("name", help: "", labels: [("b", value)]).add()
    #expect(registry.snapshot().map(\.key.labels) == ["b=\"\(escaped)\""])
  }
}
