import GatewayTesting
import NIOCore
import NIOPosix
import Testing

@Suite struct FailureTests {
  @Test func saysWhenNoOriginIsThere() async throws {
    let closed = try ClosedPort()
    try await TestGateway.with(configuration(origin: closed.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 502 "))
      #expect(text.contains("\"reason\":\"upstream_connect_failed\""))
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "nonsense\r\n\r\n",
  ])
  func refusesBrokenResponses(_ response: String) async throws {
    let origin = try await ScriptedOrigin.answering(response)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 502 "), "\(text)")
      #expect(text.contains("\"type\":\"BadGateway\""))
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
  ])
  func cutsTruncatedResponses(_ response: String) async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      try await exchange.send(response)
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(!text.hasSuffix("0\r\n\r\n"))
      #expect(text.contains("hello"))
      // The gateway lives on.
      let next = try await answer(
        to: "GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n", port: gateway.port)
      #expect(next.hasPrefix("HTTP/1.1 404 "))
    }
  }

  @Test func neverTakesOneResponseForAnother() async throws {
    let origin = try await ScriptedOrigin.start { exchange, number in
      _ = try await exchange.receiveMessage()
      try await exchange.send(helloResponse + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      _ = number
      _ = try await exchange.receiveMessage()
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<3 {
          try await exchange.send(request("GET /"))
          let message = try #require(try await exchange.receiveMessage())
          #expect(String(decoding: message.content, as: UTF8.self) == "hello")
        }
      }
    }
    #expect(origin.connections == 3)
  }

  @Test func repeatsOnceWhatAnIdleConnectionLost() async throws {
    // Every connection answers one request and is closed at the next.
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      try await exchange.send(helloResponse)
      _ = try await exchange.receiveMessage()
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<3 {
          try await exchange.send(request("GET /"))
          let message = try #require(try await exchange.receiveMessage())
          #expect(message.head.hasPrefix("HTTP/1.1 200 "))
        }
        try await exchange.send(request("POST /", "Content-Length: 2", content: "hi"))
        let message = try #require(try await exchange.receiveMessage())
        #expect(message.head.hasPrefix("HTTP/1.1 502 "), "a POST must not be sent twice")
      }
    }
  }

  @Test func leavesTheOriginWhenTheClientDoes() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let (left, leave) = AsyncStream<Void>.makeStream()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      arrival.finish()
      _ = await exchange.receiveAll()
      leave.finish()
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Content-Length: 1000", content: "some"))
        for await _ in arrived {}
      }
      for await _ in left {}
    }
  }

  @Test func boundsContent() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in _ = await exchange.receiveAll() }
    let yaml = configuration(origin: origin.port, "limits: { body: 10B }")
    try await TestGateway.with(yaml) { gateway in
      let told = try await answer(to: request("POST /", "Content-Length: 11", "Connection: close"), port: gateway.port)
      #expect(told.hasPrefix("HTTP/1.1 413 "))
      let chunked = request("POST /", "Transfer-Encoding: chunked") + "b\r\nhello world\r\n"
      let found = try await answer(to: chunked, port: gateway.port)
      #expect(found.hasPrefix("HTTP/1.1 413 "))
      #expect(found.contains("body_too_large"))
    }
  }

  @Test func drainsWithoutCuttingWhatRuns() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let (draining, drain) = AsyncStream<Void>.makeStream()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      arrival.finish()
      for await _ in draining {}
      try await exchange.send(helloResponse)
    }
    let gateway = try await TestGateway.start(configuration(origin: origin.port))
    async let running = answer(to: request("GET /"), port: gateway.port)
    for await _ in arrived {}
    async let stopped: Void = gateway.stop(limit: .seconds(60))
    // The drain has begun when nobody is let in any more; every loop learns of it right after.
    let group = MultiThreadedEventLoopGroup.singleton
    while let channel = try? await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: gateway.port).get() {
      try? await channel.close()
    }
    try await Task.sleep(for: .milliseconds(500))
    drain.finish()
    await stopped
    let text = try await running
    #expect(text.hasSuffix("hello"))
    #expect(text.contains("Connection: close\r\n"))
  }
}
