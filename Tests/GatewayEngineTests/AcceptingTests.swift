import GatewayEngine
import GatewayTesting
import Testing

/// The bounds of connections, through real sockets.
@Suite struct AcceptingTests {
  /// With many loops, where a share of the bound for each would be none.
  @Test(arguments: [
    ("connections", "connections_exceeded"), ("connections_per_address", "address_connections_exceeded"),
    ("", "listener_connections_exceeded"),
  ])
  func refusesOverTheBound(_ limit: String, _ reason: String) async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let yaml =
      limit.isEmpty
      ? configuration(origin: origin.port).replacing("127.0.0.1:0", with: "127.0.0.1:0\n    connections: 3")
      : configuration(origin: origin.port, "limits: { \(limit): 3 }")
    try await TestGateway.with(yaml, loops: 4) { gateway in
      try await holding(3, gateway.port) {
        for _ in 0..<5 {
          let text = try await refusal(gateway.port)
          #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"), "\(text)")
          #expect(text.contains("\r\nConnection: close\r\n"))
          #expect(text.contains("\r\nRetry-After: 1\r\n"))
          #expect(text.contains("\r\nDate: "))
          #expect(text.contains("\"type\":\"ServiceUnavailable\""))
          #expect(text.hasSuffix("\"reason\":\"\(reason)\",\"requestId\":\"\"}"))
        }
        let counters = try await gateway.counters()
        #expect(counters.connectionsOpen == 3)
        #expect(counters.connectionsRefused == 5)
        #expect(counters.reasons == [reason: 5])
      }
      // All places are free again.
      try await untilOpen(0, gateway)
      try await holding(3, gateway.port) {}
    }
  }

  @Test func aRefusedClientThatHasSentMuchGetsItsAnswer() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let yaml = configuration(origin: origin.port, "limits: { connections: 1 }")
    try await TestGateway.with(yaml) { gateway in
      try await holding(1, gateway.port) {
        let content = String(repeating: "x", count: 1 << 20)
        let text = try await refusal(
          gateway.port, request("POST /", "Content-Length: \(content.utf8.count)", content: content))
        #expect(text.contains("\"connections_exceeded\""))
      }
    }
  }

  @Test func loopsShareConnectionsThatComeOneByOne() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    try await TestGateway.with(configuration(origin: origin.port), loops: 2) { gateway in
      try await holding(64, gateway.port) {
        let open = try await gateway.gateway.countersByLoop().map(\.connectionsOpen)
        #expect(open.reduce(0, +) == 64)
        #expect(open.allSatisfy { $0 <= 38 }, "\(open)")
      }
    }
  }
}

/// Opens connections one by one, each of which has had an answer, and has them answered once more after the body.
private func holding(_ count: Int, _ port: Int, _ body: @Sendable () async throws -> Void) async throws {
  let (release, releaser) = AsyncStream<Void>.makeStream()
  try await withThrowingTaskGroup { tasks in
    for _ in 0..<count {
      let (opened, opener) = AsyncStream<Void>.makeStream()
      tasks.addTask {
        defer { opener.finish() }
        try await RawConnection.with(port: port) { exchange in
          try await ask(&exchange)
          opener.finish()
          for await _ in release {}
          try await ask(&exchange)
        }
      }
      for await _ in opened {}
    }
    defer { releaser.finish() }
    try await body()
    releaser.finish()
    try await tasks.waitForAll()
  }
}

/// All that a client is told that is refused, whatever it sends meanwhile.
private func refusal(_ port: Int, _ text: String = "") async throws -> String {
  try await RawConnection.with(port: port) { exchange in
    try? await exchange.send(text)
    return await exchange.receiveAll()
  }
}

private func ask(_ exchange: inout RawExchange) async throws {
  try await exchange.send(request("GET /"))
  let message = try #require(try await exchange.receiveMessage())
  #expect(String(decoding: message.content, as: UTF8.self) == "hello")
}

/// Waits until the gateway has so many connections.
private func untilOpen(_ count: UInt64, _ gateway: TestGateway) async throws {
  while try await gateway.counters().connectionsOpen != count { try await Task.sleep(for: .milliseconds(5)) }
}
