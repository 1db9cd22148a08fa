import Admin
import GatewayEngine
import GatewayKit
import GatewayTesting
import Logging
import Testing

/// Who may look into caches and drop what they keep: both cost something, so both are guarded as changes are.
@Suite struct CacheAccessTests {
  private static let token = "0123456789abcdef"
  private static let purge = "{\"all\":\"true\"}"

  /// Calls an interface of this token that the configuration binds to this host; the test calls 127.0.0.1 in any case.
  private static func statuses(
    bound host: String, token: String?, _ fields: String, to authority: String = "localhost:9080"
  ) async throws -> (inspect: String, purge: String) {
    let closed = try ClosedPort()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(closed.port)"] } }
      domains: [{ name: example.com, upstream: origin }]
      """
    return try await TestGateway.with(yaml) { gateway in
      let (ports, bound) = AsyncStream<Int>.makeStream()
      var configuration = AdminConfiguration(
        bind: BindAddress(host: host, port: 0), position: SourcePosition(file: "test.yaml", line: 1, column: 1))
      configuration.token = token.map { Secret(Array($0.utf8)) }
      let server = AdminServer(
        configuration, gateway: gateway.gateway, revocations: gateway.gateway.revocations, readiness: Readiness(),
        logger: logger
      ) { bound.yield($0) }
      async let running: Void = server.run()
      let port = try #require(await ports.first { _ in true })
      func call(_ line: String, _ body: String) async throws -> String {
        try await RawConnection.with(port: port) { exchange in
          try await exchange.send(
            "\(line) HTTP/1.1\r\nHost: \(authority)\r\nContent-Type: application/json\r\n\(fields)"
              + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
          return await exchange.receiveAll()
        }
      }
      let answers = (try await call("GET /cache", ""), try await call("POST /cache/purges", purge))
      await server.stop()
      try await running
      return answers
    }
  }

  private static func both(
    say status: Int, _ reason: String = "", bound host: String = "127.0.0.1", token: String? = nil,
    _ fields: String = "", to authority: String = "localhost:9080"
  ) async throws {
    let answers = try await statuses(bound: host, token: token, fields, to: authority)
    for answer in [answers.inspect, answers.purge] {
      #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains(reason), "\(answer)")
    }
  }

  @Test func thoseOfThisMachineMay() async throws {
    try await Self.both(say: 200)
    try await Self.both(say: 403, "host_refused", to: "evil.example")
  }

  @Test(arguments: ["0.0.0.0", "::"]) func nobodyMayFromElsewhereWithoutToken(host: String) async throws {
    try await Self.both(say: 403, "admin_token_missing", bound: host)
    try await Self.both(say: 403, "admin_token_missing", bound: host, "Authorization: Bearer \(Self.token)\r\n")
  }

  @Test(arguments: ["127.0.0.1", "0.0.0.0"]) func theTokenIsWantedWhereThereIsOne(host: String) async throws {
    try await Self.both(say: 401, "admin_token_invalid", bound: host, token: Self.token)
    for wrong in ["Bearer \(Self.token)0", "Bearer 0123456789abcdeF", "Basic \(Self.token)", "Bearer "] {
      try await Self.both(
        say: 401, "admin_token_invalid", bound: host, token: Self.token, "Authorization: \(wrong)\r\n")
    }
    try await Self.both(
      say: 200, bound: host, token: Self.token, "Authorization: bearer \(Self.token)\r\n", to: "gateway.example")
  }
}
