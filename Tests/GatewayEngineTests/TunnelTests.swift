import GatewayEngine
import GatewayTesting
import Testing

/// A client's WebSocket handshake, with further lines.
private func handshake(_ fields: String..., line: String = "GET /socket HTTP/1.1", connection: String = "Upgrade")
  -> String
{
  let head = [
    line, "Host: example.com", "Connection: \(connection)", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]
  return (head + fields).map { $0 + "\r\n" }.joined() + "\r\n"
}

private let switching = """
  HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r
  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n
  """

/// Agrees to the handshake and sends back what comes, until a `q`.
private func echo(_ log: RequestLog = RequestLog(), ahead: String = "") async throws -> ScriptedOrigin {
  try await ScriptedOrigin.start { exchange, _ in
    while let head = try await exchange.receive(until: "\r\n\r\n") {
      log.append(head)
      guard head.contains("Upgrade: websocket") else {
        try await exchange.send(helloResponse)
        continue
      }
      try await exchange.send(switching + ahead)
      while let piece = try await exchange.receive(until: "\n") {
        try await exchange.send(piece)
        if piece == "q\n" { return }
      }
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct TunnelTests {
  @Test func passesBytesBothWays() async throws {
    let log = RequestLog()
    let origin = try await echo(log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake(connection: "keep-alive, Upgrade, HTTP2-Settings"))
        let head = try #require(try await exchange.receive(until: "\r\n\r\n"))
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        for field in [
          "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ] {
          #expect(head.contains("\(field)\r\n"))
        }
        for index in 0..<20 {
          try await exchange.send("\(index)\n")
          #expect(try await exchange.receive(until: "\n") == "\(index)\n")
        }
        // The origin ends it: what it said before arrives.
        try await exchange.send("q\n")
        #expect(await exchange.receiveAll() == "q\n")
      }
      #expect(try await gateway.counters().answers[1] == 1)
    }
    let seen = try #require(log.requests.first)
    #expect(seen.contains("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"))
    #expect(seen.contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
  }

  @Test func keepsWhatIsSentAhead() async throws {
    let origin = try await echo(ahead: "welcome\n")
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake() + "early\n")
        _ = try await exchange.receive(until: "\r\n\r\n")
        #expect(try await exchange.receive(until: "\n") == "welcome\n")
        #expect(try await exchange.receive(until: "\n") == "early\n")
      }
    }
  }

  @Test func endsAtTheOriginWhenTheClientLeaves() async throws {
    let (open, left) = (Signals(), Signals())
    let got = RequestLog()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send(switching)
      await open.take()
      got.append(await exchange.receiveAll())
      left.give()
    }
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        _ = try await exchange.receive(until: "\r\n\r\n")
        try await exchange.send(String(repeating: "z", count: 100_000))
      }
      open.give()
      await left.take()
      #expect(got.requests.first?.utf8.count == 100_000, "the origin gets all that was sent")
    }
  }

  @Test(arguments: [
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket, foo\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ])
  func refusesAnotherProtocol(_ response: String) async throws {
    let origin = try await ScriptedOrigin.answering(response)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 502 ") == true)
      }
    }
  }

  /// These do not ask for a tunnel, and get none when the origin offers it.
  @Test(arguments: [
    request("GET /"), handshake(line: "POST /socket HTTP/1.1"), handshake("Content-Length: 3") + "abc",
    handshake(connection: "close"),
    request("GET /", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    request("GET /", "Connection: Upgrade", "Upgrade: foo"),
  ])
  func switchesOnlyWhenAsked(_ text: String) async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(switching, recording: log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(text)
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 502 ") == true)
      }
    }
    let seen = try #require(log.requests.first).lowercased()
    #expect(!seen.contains("\r\nupgrade:") && !seen.contains("\r\nconnection:") && !seen.contains("http2-settings"))
  }

  @Test func hasNoTunnelsInHTTP10() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let text = try await answer(to: handshake(line: "GET /socket HTTP/1.0"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "))
    }
    #expect(log.requests.first?.contains("Upgrade") == false)
  }

  @Test(arguments: ["400 Bad Request", "426 Upgrade Required", "200 OK"])
  func passesTheOriginsRefusal(_ status: String) async throws {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nno")
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for text in [handshake(), request("GET /"), handshake()] {
          try await exchange.send(text)
          let message = try #require(try await exchange.receiveMessage())
          #expect(message.head.hasPrefix("HTTP/1.1 \(status)\r\n"))
          #expect(String(decoding: message.content, as: UTF8.self) == "no")
        }
      }
    }
    #expect(origin.connections == 1)
  }
}

/// Which tunnels may be, and for how long.
@Suite(.timeLimit(.minutes(2))) struct TunnelBoundTests {
  @Test func boundsTheirNumber() async throws {
    let origin = try await echo()
    try await TestGateway.with(bare(origin: origin.port, "limits: { tunnels: 1 }")) { gateway in
      try await RawConnection.with(port: gateway.port) { first in
        try await first.send(handshake())
        _ = try await first.receive(until: "\r\n\r\n")
        try await RawConnection.with(port: gateway.port) { second in
          try await second.send(handshake())
          let message = try #require(try await second.receiveMessage())
          #expect(message.head.hasPrefix("HTTP/1.1 503 "))
          #expect(String(decoding: message.content, as: UTF8.self).contains("tunnels_exceeded"))
          try await second.send(request("GET /"))
          #expect(try await second.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
        }
        try await first.send("q\n")
        _ = await first.receiveAll()
      }
      try await RawConnection.with(port: gateway.port) { third in
        try await third.send(handshake())
        #expect(try await third.receive(until: "\r\n\r\n")?.hasPrefix("HTTP/1.1 101 ") == true)
      }
    }
  }

  /// All have asked before the first has its answer.
  @Test func boundsThoseThatAskAtTheSameTime() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await Task.sleep(for: .milliseconds(300))
      try await exchange.send(switching)
      _ = await exchange.receiveAll()
    }
    try await TestGateway.with(bare(origin: origin.port, "limits: { tunnels: 2 }")) { gateway in
      let port = gateway.port
      let opened = try await withThrowingTaskGroup { tasks in
        for _ in 0..<6 {
          tasks.addTask {
            try await RawConnection.with(port: port) { exchange in
              try await exchange.send(handshake())
              let head = try await exchange.receive(until: "\r\n\r\n") ?? ""
              // Those that are open stay so until all have their answer.
              try await Task.sleep(for: .seconds(2))
              return head.hasPrefix("HTTP/1.1 101 ")
            }
          }
        }
        return try await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(opened == 2)
    }
  }

  @Test func loopsShareTheBound() async throws {
    let origin = try await echo()
    try await TestGateway.with(bare(origin: origin.port, "limits: { tunnels: 0 }"), loops: 2) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        return try await exchange.receiveMessage()?.head ?? ""
      }
      #expect(text.hasPrefix("HTTP/1.1 503 "))
    }
  }

  @Test func endsOneInWhichNothingPasses() async throws {
    let origin = try await echo()
    let clock = TestClock()
    let yaml = bare(origin: origin.port, "timeouts: { tunnel_idle: 5m, exchange: 1m, body_idle: 1s }")
    try await TestGateway.with(yaml, clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        _ = try await exchange.receive(until: "\r\n\r\n")
        for _ in 0..<3 {
          try await exchange.send("x\n")
          #expect(try await exchange.receive(until: "\n") == "x\n")
          clock.advance(by: .seconds(290))
          try await gateway.settle()
        }
        clock.advance(by: .seconds(11))
        #expect(await exchange.receiveAll() == "")
      }
      #expect(try await gateway.counts("tunnel_idle"))
    }
  }

  @Test func endsWithItsToken() async throws {
    let origin = try await echo()
    let clock = TestClock()
    let yaml = bare(origin: origin.port, "timeouts: { tunnel_idle: 1h }\ndefaults: { use: [minute] }")
    try await TestGateway.with(yaml, plugins: [MinutePlugin.self], clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        _ = try await exchange.receive(until: "\r\n\r\n")
        for _ in 0..<2 {
          try await exchange.send("x\n")
          #expect(try await exchange.receive(until: "\n") == "x\n")
          clock.advance(by: .seconds(29))
          try await gateway.settle()
        }
        #expect(try await gateway.counters().reasons.isEmpty)
        clock.advance(by: .seconds(3))
        #expect(await exchange.receiveAll() == "")
      }
      #expect(try await gateway.counts("token_expired"))
    }
  }

  @Test(arguments: ["domain", "route"])
  func mayBeForbidden(_ place: String) async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      domains:
        - name: example.com
          upstream: origin
          websocket: \(place == "domain" ? "false" : "true")
          routes: [{ match: { path: /socket }\(place == "route" ? ", websocket: false" : "") }]
      """
    try await TestGateway.with(yaml) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(handshake())
        #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
    #expect(log.requests.first?.lowercased().contains("\r\nupgrade:") == false)
  }

  @Test func drainWaitsForThemUntilItsLimit() async throws {
    let origin = try await echo()
    let gateway = try await TestGateway.start(bare(origin: origin.port))
    try await RawConnection.with(port: gateway.port) { exchange in
      try await exchange.send(handshake())
      _ = try await exchange.receive(until: "\r\n\r\n")
      async let stopped: Void = gateway.stop(limit: .seconds(2))
      try await Task.sleep(for: .milliseconds(300))
      try await exchange.send("still\n")
      #expect(try await exchange.receive(until: "\n") == "still\n")
      #expect(await exchange.receiveAll() == "")
      await stopped
    }
  }
}
