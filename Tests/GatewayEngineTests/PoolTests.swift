import GatewayEngine
import GatewayTesting
import Testing

@Suite struct PoolTests {
  private static func yaml(_ endpoints: [String], _ more: String = "") -> String {
    let list = endpoints.map { "\"http://\($0)\"" }.joined(separator: ", ")
    return """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams: { origin: { endpoints: [\(list)]\(more) } }
      domains: [{ name: example.com, upstream: origin }]
      """
  }

  @Test func leavesAConnectionThatTheOriginWillClose() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      // Says that it closes, and takes its time: the next request must not come here.
      _ = try await exchange.receiveMessage()
      try await exchange.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
      _ = await exchange.receiveAll()
    }
    try await TestGateway.with(Self.yaml(["127.0.0.1:\(origin.port)"])) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<4 {
          try await exchange.send(request("POST /", "Content-Length: 2", content: "hi"))
          let message = try #require(try await exchange.receiveMessage())
          #expect(message.head.hasPrefix("HTTP/1.1 200 "))
        }
      }
    }
    #expect(origin.connections == 4)
  }

  /// A name with several addresses is tried at all of them; only one of them answers here.
  @Test func connectsToANameWithSeveralAddresses() async throws {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    try await TestGateway.with(Self.yaml(["localhost:\(origin.port)"], ", max_connections: 2")) { gateway in
      for _ in 0..<10 {
        let text = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
        #expect(text.hasPrefix("HTTP/1.1 200 "))
      }
      // The last connection may still be closing.
      let open = try await gateway.counters().upstreamOpen
      #expect(open <= 1)
    }
  }

  @Test func losesNoRequestToADeadEndpoint() async throws {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    let closed = try ClosedPort()
    let yaml = Self.yaml(["127.0.0.1:\(origin.port)", "127.0.0.1:\(closed.port)"])
    try await TestGateway.with(yaml) { gateway in
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for _ in 0..<60 {
          tasks.addTask {
            try await answer(to: request("POST /", "Content-Length: 0", "Connection: close"), port: gateway.port)
          }
        }
        for try await text in tasks { #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)") }
      }
    }
  }

  @Test func boundsWhoWaits() async throws {
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      for await _ in release {}
      try await exchange.send(helloResponse)
      while try await exchange.receiveMessage() != nil { try await exchange.send(helloResponse) }
    }
    let yaml = Self.yaml(["127.0.0.1:\(origin.port)"], ", max_connections: 1, max_waiting: 2")
    try await TestGateway.with(yaml) { gateway in
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for _ in 0..<8 {
          tasks.addTask { try await answer(to: request("GET /", "Connection: close"), port: gateway.port) }
        }
        // One is served, two wait; the other five are told at once.
        for _ in 0..<5 {
          let text = try #require(try await tasks.next())
          #expect(text.contains("upstream_busy"), "\(text)")
        }
        released.finish()
        for try await text in tasks { #expect(text.hasSuffix("hello"), "\(text)") }
      }
    }
  }
}
