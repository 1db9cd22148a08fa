import GatewayEngine
import GatewayTesting
import Testing

/// How long a request's content may take, by a clock that stands still unless the test moves it.
@Suite(.timeLimit(.minutes(2))) struct BodyRateTests {
  private let settings = """
    limits: { least_rate: 100B }
    timeouts: { body_grace: 2s, body_idle: 1m, keep_alive_idle: 1h }
    """

  /// Takes the content and gives a signal for every piece with an `x`; answers when the `y` has come.
  private func origin(_ arrived: Signals, early: String = "", echo: String = "") async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      if !early.isEmpty { try await exchange.send(early) }
      while true {
        guard let piece = try await exchange.receive(until: "x") else { return }
        if !echo.isEmpty { try await exchange.send(echo) }
        arrived.give()
        if piece.contains("y") { break }
      }
      try await exchange.send(helloResponse)
    }
  }

  @Test(arguments: [true, false])
  func refusesContentThatTrickles(_ isChunked: Bool) async throws {
    let arrived = Signals()
    let origin = try await origin(arrived)
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000"))
        for _ in 0..<4 {
          // Each one is well within what may lie between two pieces.
          try await exchange.send(isChunked ? "1\r\nx\r\n" : "x")
          await arrived.take()
          clock.advance(by: .milliseconds(490))
        }
        try await gateway.settle()
        #expect(try await gateway.counters().reasons.isEmpty, "the grace is not over")
        clock.advance(by: .milliseconds(200))
        return await exchange.receiveAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 408 "))
      #expect(text.contains("\"reason\":\"request_body_timeout\""))
      #expect(text.contains("Connection: close\r\n"))
    }
  }

  @Test func refusesContentThatStopsComing() async throws {
    let arrived = Signals()
    let origin = try await origin(arrived)
    let clock = TestClock()
    let yaml = bare(origin: origin.port, "limits: { least_rate: off }\ntimeouts: { body_idle: 1m }")
    try await TestGateway.with(yaml, clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Content-Length: 1000", content: "x"))
        await arrived.take()
        clock.advance(by: .seconds(61))
        return await exchange.receiveAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test func servesContentAtTheLeastRate() async throws {
    let arrived = Signals()
    let origin = try await origin(arrived)
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Content-Length: 2000"))
        for round in 0..<20 {
          try await exchange.send(String(repeating: round == 19 ? "y" : "-", count: 99) + "x")
          await arrived.take()
          if round < 19 { clock.advance(by: .seconds(1)) }
          if round == 10 { try await gateway.settle() }
        }
        let message = try await exchange.receiveMessage()
        #expect(message?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
  }

  /// The answer has begun, and every byte of the content makes it go on: that is no merit of the client's.
  @Test func cutsAnAnswerThatHasBegun() async throws {
    let arrived = Signals()
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let origin = try await origin(arrived, early: head, echo: "4\r\necho\r\n")
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Content-Length: 1000"))
        for _ in 0..<4 {
          try await exchange.send("x")
          await arrived.take()
          _ = try await exchange.receive(until: "echo\r\n")
          clock.advance(by: .milliseconds(550))
        }
        return await exchange.receiveAll()
      }
      #expect(!text.contains("0\r\n\r\n"))
      #expect(try await gateway.counts("request_body_timeout"))
    }
  }

  /// From the end of the content on it is the origin's time that counts.
  @Test func givesTheAnswerItsOwnTime() async throws {
    let (arrived, goOn) = (Signals(), Signals())
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
      _ = try await exchange.receive(until: "x")
      arrived.give()
      await goOn.take()
      try await exchange.send("llo")
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Connection: close", "Content-Length: 2", content: "-"))
        _ = try await exchange.receive(until: "\r\n\r\nhe")
        try await exchange.send("x")
        await arrived.take()
        clock.advance(by: .seconds(50))
        try await gateway.settle()
        goOn.give()
        return await exchange.receiveAll()
      }
      #expect(text == "llo")
      #expect(try await gateway.counters().reasons.isEmpty)
    }
  }
}

/// What holds a client's content up without being its fault.
@Suite(.timeLimit(.minutes(2))) struct HeldUpContentTests {
  private let settings = """
    limits: { least_rate: 100B }
    timeouts: { body_grace: 2s, body_idle: 5s, keep_alive_idle: 1h }
    """

  @Test func waitsForTheOriginToAskForContent() async throws {
    let (arrived, goOn) = (Signals(), Signals())
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      arrived.give()
      await goOn.take()
      try await exchange.send("HTTP/1.1 100 Continue\r\n\r\n")
      _ = try await exchange.receive(until: "abc")
      try await exchange.send(helloResponse)
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("PUT /", "Expect: 100-continue", "Content-Length: 3"))
        await arrived.take()
        clock.advance(by: .seconds(50))
        try await gateway.settle()
        goOn.give()
        #expect(try await exchange.receive(until: "\r\n\r\n")?.hasPrefix("HTTP/1.1 100 ") == true)
        clock.advance(by: .seconds(1))
        try await exchange.send("abc")
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
  }

  @Test func limitsTheTimeAfterTheOriginHasAsked() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 100 Continue\r\n\r\n")
      _ = await exchange.receiveAll()
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("PUT /", "Expect: 100-continue", "Content-Length: 3"))
        _ = try await exchange.receive(until: "\r\n\r\n")
        clock.advance(by: .seconds(3))
        return await exchange.receiveAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test func anOriginThatNeverAsksIsLate() async throws {
    let arrived = Signals()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      arrived.give()
      _ = await exchange.receiveAll()
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, settings), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("PUT /", "Expect: 100-continue", "Content-Length: 3"))
        await arrived.take()
        clock.advance(by: .seconds(61))
        return await exchange.receiveAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 504 "))
      #expect(text.contains("upstream_head_timeout"))
    }
  }

  @Test func waitingForAConnectionIsNotTheClientsTime() async throws {
    let (arrived, goOn) = (Signals(), Signals())
    let origin = try await ScriptedOrigin.start { exchange, _ in
      while let head = try await exchange.receive(until: "\r\n\r\n") {
        arrived.give()
        if head.hasPrefix("GET") { await goOn.take() } else { _ = try await exchange.receive(until: "abc") }
        try await exchange.send(helloResponse)
      }
    }
    let clock = TestClock()
    let yaml = bare(origin: origin.port, upstream: ", max_connections: 1", settings)
    try await TestGateway.with(yaml, clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { first in
        try await first.send(request("GET /"))
        await arrived.take()
        let before = try await gateway.counters().requests
        try await RawConnection.with(port: gateway.port) { second in
          try await second.send(request("PUT /", "Content-Length: 3"))
          while try await gateway.counters().requests == before { try await gateway.settle() }
          clock.advance(by: .seconds(20))
          try await gateway.settle()
          goOn.give()
          await arrived.take()
          try await gateway.settle()
          try await second.send("abc")
          #expect(try await second.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
        }
      }
    }
  }
}
