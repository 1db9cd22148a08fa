import GatewayTesting
import Testing

/// Requests that are sent to another endpoint because of the answer's status, by a clock that stands still.
@Suite(.timeLimit(.minutes(1))) struct StatusRetryTests {
  private static let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"

  /// Without a connection to another endpoint the answer stands, and the client's connection goes on at once.
  @Test func passesTheAnswerWhenNoOtherEndpointCanBeAsked() async throws {
    let origins = [try await ScriptedOrigin.answering(Self.busy), try await ScriptedOrigin.answering(Self.busy)]
    let list = origins.map { "\"http://127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams:
        origin:
          endpoints: [\(list)]
          max_connections: 1
          max_waiting: 0
          retry: { statuses: [503] }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml, clock: TestClock()) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<3 {
          try await exchange.send(request("GET /"))
          let message = try #require(try await exchange.receiveMessage())
          #expect(message.head.hasPrefix("HTTP/1.1 503 Busy\r\n"), "\(message.head)")
          #expect(message.content == Array("busy".utf8))
        }
      }
    }
  }
}
