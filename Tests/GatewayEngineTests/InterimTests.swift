import GatewayEngine
import GatewayTesting
import Testing

/// Interim responses (RFC 9110 section 15.2) and the expectation of one.
@Suite(.timeLimit(.minutes(2))) struct InterimTests {
  private let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"

  @Test func passesEarlyHintsBeforeTheAnswer() async throws {
    let goOn = Signals()
    let hints = hints
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send(hints)
      await goOn.take()
      try await exchange.send(hints + helloResponse)
    }
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /"))
        let first = try #require(try await exchange.receive(until: "\r\n\r\n"))
        #expect(first.hasPrefix("HTTP/1.1 103 Early Hints\r\n"))
        #expect(first.contains("Link: </style.css>; rel=preload\r\n"))
        goOn.give()
        #expect(try await exchange.receive(until: "\r\n\r\n")?.hasPrefix("HTTP/1.1 103 ") == true)
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
  }

  @Test func keepsThemFromOldClients() async throws {
    let origin = try await ScriptedOrigin.answering(hints + helloResponse)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let text = try await answer(to: "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n", port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "))
      #expect(!text.contains("Link:"))
    }
  }

  @Test(arguments: [(8, "HTTP/1.1 200 "), (9, "HTTP/1.1 502 ")])
  func boundsTheirNumber(_ number: Int, _ status: String) async throws {
    let hints = String(repeating: hints, count: number)
    let origin = try await ScriptedOrigin.answering(hints + helloResponse)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      let final = try #require(text.split(separator: "\r\n\r\n").first { !$0.hasPrefix("HTTP/1.1 103") })
      #expect(final.hasPrefix(status))
    }
  }

  @Test(arguments: ["417 Expectation Failed", "413 Content Too Large"])
  func passesARefusalBeforeTheContent(_ status: String) async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nno")
      _ = await exchange.receiveAll()
    }
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let text = try await answer(
        to: request("PUT /", "Expect: 100-continue", "Content-Length: 5"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 \(status)\r\n"))
      #expect(text.contains("Connection: close\r\n"), "nobody can say whether the content follows")
      #expect(text.hasSuffix("\r\n\r\nno"))
      // The next request goes over another connection: this one still waits for content.
      _ = try await answer(to: request("PUT /", "Expect: 100-continue", "Content-Length: 5"), port: gateway.port)
    }
    #expect(origin.connections == 2)
  }

  @Test func takesNoNoticeOfAnExpectationInHTTP10() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      let head = try await exchange.receive(until: "\r\n\r\n") ?? ""
      if head.contains("Expect") { try await exchange.send("HTTP/1.1 100 Continue\r\n\r\n") }
      _ = try await exchange.receive(until: "abc")
      try await exchange.send(helloResponse)
    }
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let head = "PUT / HTTP/1.0\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
      let text = try await answer(to: head + "abc", port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "))
      #expect(text.hasSuffix("hello"))
    }
  }

  @Test func sendsTheContentOfWhoDoesNotWait() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("PUT /", "Expect: 100-continue", "Content-Length: 3", content: "abc"))
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct RequestsPerConnectionTests {
  @Test func saysWhichAnswerIsTheLast() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let yaml = bare(origin: origin.port, "limits: { requests_per_connection: 3 }")
    try await TestGateway.with(yaml) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        // All four at once: the last is not answered.
        try await exchange.send((0..<4).map { request("GET /\($0)") }.joined())
        for number in 0..<3 {
          let message = try #require(try await exchange.receiveMessage())
          #expect(message.head.contains("Connection: close\r\n") == (number == 2))
        }
        #expect(await exchange.receiveAll() == "")
      }
      #expect(try await gateway.counters().requests == 3)
    }
  }
}
