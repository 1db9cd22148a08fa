import GatewayTesting
import Testing

@Suite struct ForwardingTests {
  @Test func passesRequestAndResponse() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /me/tokens?perPage=1", "Accept: application/json"))
        let message = try #require(try await exchange.receiveMessage())
        #expect(message.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(String(decoding: message.content, as: UTF8.self) == "hello")
      }
    }
    let seen = try #require(log.requests.first)
    #expect(seen.hasPrefix("GET /me/tokens?perPage=1 HTTP/1.1\r\n"))
    #expect(seen.contains("Accept: application/json\r\n"))
    #expect(seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
    #expect(seen.contains("X-Forwarded-Proto: http\r\n"))
    #expect(seen.contains("X-Forwarded-Host: gateway.test\r\n"))
    #expect(seen.contains("Via: 1.1 gatehouse\r\n"))
    #expect(seen.contains("losantdomain: example.com\r\n"))
  }

  @Test func dropsWhatTheClientMayNotSay() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      _ = try await answer(
        to: request(
          "GET /", "X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Original-URL: /admin", "X-Rewrite-URL: /a",
          "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "TE: gzip;q=0.5",
          "X-Stays: yes"),
        port: gateway.port)
    }
    let seen = try #require(log.requests.first).lowercased()
    for gone in ["1.2.3.4", "/admin", "x-rewrite", "x-hop", "keep-alive", "\r\nte:", "\r\nconnection:"] {
      #expect(!seen.contains(gone), "\(gone) reached the origin")
    }
    #expect(seen.contains("x-stays: yes\r\n"))
  }

  @Test func keepsConnectionsOnBothSides() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<20 {
          try await exchange.send(request("GET /"))
          #expect(try await exchange.receiveMessage() != nil)
        }
      }
    }
    #expect(origin.connections == 1)
  }

  @Test func answersPipelinedRequestsInOrder() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      while let message = try await exchange.receiveMessage() {
        let path = message.head.split(separator: " ")[1]
        try await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
      }
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        let paths = (0..<50).map { "/item/\($0)" }
        try await exchange.send(paths.map { request("GET \($0)") }.joined())
        for path in paths {
          let message = try #require(try await exchange.receiveMessage())
          #expect(String(decoding: message.content, as: UTF8.self) == path)
        }
      }
    }
  }

  @Test func closesWhenAsked() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: Close"), port: gateway.port)
      #expect(text.contains("Connection: close\r\n"))
      #expect(text.hasSuffix("\r\n\r\nhello"))
    }
  }

  @Test func framesForOldClients() async throws {
    let origin = try await ScriptedOrigin.answering(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let old = try await answer(to: "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n", port: gateway.port)
      #expect(old.hasSuffix("\r\n\r\nhello world"))
      #expect(!old.lowercased().contains("transfer-encoding"))
      let new = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(new.hasSuffix("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"))
    }
  }

  @Test func chunksWhatEndsWithTheConnection() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      try await exchange.send("HTTP/1.1 200 OK\r\n\r\nhello")
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(text.hasSuffix("5\r\nhello\r\n0\r\n\r\n"))
    }
  }

  @Test(arguments: ["HEAD /", "GET /nothing"])
  func sendsNoContentWhereNoneMayBe(_ line: String) async throws {
    let status = line.hasPrefix("HEAD") ? "200 OK" : "304 Not Modified"
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nETag: \"a\"\r\n\r\n")
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await answer(to: request(line, "Connection: close"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 \(status)\r\n"))
      #expect(text.hasSuffix("\r\n\r\n"))
      #expect(text.contains("ETag: \"a\"\r\n"))
    }
  }

  @Test func passesInterimResponses() async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 100 Continue\r\n\r\n")
      _ = try await exchange.receive(until: "abc")
      try await exchange.send(helloResponse)
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /", "Expect: 100-continue", "Content-Length: 3"))
        let interim = try await exchange.receive(until: "\r\n\r\n")
        #expect(interim?.hasPrefix("HTTP/1.1 100 ") == true)
        try await exchange.send("abc")
        let message = try await exchange.receiveMessage()
        #expect(message?.head.hasPrefix("HTTP/1.1 200 ") == true)
      }
    }
  }

  @Test func streamsChunkedContentUp() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      let head = try await exchange.receive(until: "\r\n\r\n") ?? ""
      let content = try await exchange.receive(until: "0\r\n\r\n") ?? ""
      log.append(head + content)
      try await exchange.send(helloResponse)
    }
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("POST /up", "Transfer-Encoding: chunked") + "3\r\nab")
        try await exchange.send("c\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        #expect(try await exchange.receiveMessage() != nil)
      }
    }
    let seen = try #require(log.requests.first)
    #expect(seen.contains("Transfer-Encoding: chunked\r\n"))
    let content = try #require(seen.split(separator: "\r\n\r\n", maxSplits: 1).last)
    #expect(content.filter { $0.isLetter } == "abcde")
  }
}

@Suite struct InputTests {
  /// Far more than one write to the origin takes lies in the gateway when the origin is reached, and no byte comes after.
  @Test func sendsAllOfAChunkedContentThatCameAtOnce() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      while try await exchange.receive(until: "\r\n\r\n") != nil {
        let content = try await exchange.receive(until: "0\r\n\r\n") ?? ""
        log.append("\(content.utf8.filter { $0 == UInt8(ascii: "x") }.count)")
        try await exchange.send(helloResponse)
      }
    }
    let chunk = "100\r\n" + String(repeating: "x", count: 256) + "\r\n"
    let content = String(repeating: chunk, count: 1000) + "0\r\n\r\n"
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<5 {
          try await exchange.send(request("POST /", "Transfer-Encoding: chunked") + content)
          #expect(try await exchange.receiveMessage() != nil)
        }
      }
    }
    #expect(log.requests == Array(repeating: "256000", count: 5))
  }

  @Test func takesAHeadAsLargeAsItMayBe() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let yaml = configuration(origin: origin.port, "limits: { head: 512KB }")
    try await TestGateway.with(yaml) { gateway in
      let fields = (0..<90).map { "x-\($0): " + String(repeating: "y", count: 4000) + "\r\n" }.joined()
      let head = "GET / HTTP/1.1\r\nHost: example.com\r\n\(fields)Connection: close\r\n\r\n"
      let text = try await answer(to: head, port: gateway.port)
      #expect(text.hasSuffix("hello"))
    }
  }
}

@Suite struct OptionsTests {
  @Test(arguments: [
    ("OPTIONS /x", "Max-Forwards: 0", "HTTP/1.1 204 ", ""), ("OPTIONS *", "Max-Forwards: 0", "HTTP/1.1 204 ", ""),
    ("OPTIONS *", "Max-Forwards: 2", "HTTP/1.1 200 ", "OPTIONS * HTTP/1.1\r\n"),
    ("OPTIONS /x", "Max-Forwards: 10", "HTTP/1.1 200 ", "Max-Forwards: 9\r\n"),
    ("OPTIONS /x", "Max-Forwards: many", "HTTP/1.1 400 ", ""), ("GET /x", "Max-Forwards: 0", "HTTP/1.1 200 ", "GET /x"),
    ("GET /x", "Connection: losantdomain", "HTTP/1.1 400 ", ""),
  ])
  func judgesMaxForwards(_ line: String, _ field: String, _ status: String, _ sent: String) async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request(line, field))
        let message = try #require(try await exchange.receiveMessage())
        #expect(message.head.hasPrefix(status), "\(message.head)")
      }
    }
    #expect(log.requests.isEmpty == sent.isEmpty)
    #expect(log.requests.allSatisfy { $0.contains(sent) })
  }
}

@Suite struct EndpointTests {
  @Test func putsTheBasePathBeforeThePath() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)/base/v1"] } }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml) { gateway in
      _ = try await answer(to: request("GET /a/../me?x=1", "Connection: close"), port: gateway.port)
    }
    #expect(log.requests.first?.hasPrefix("GET /base/v1/me?x=1 HTTP/1.1\r\n") == true)
  }

  @Test func turnsAmongEndpoints() async throws {
    let one = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
    let two = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo")
    let closed = try ClosedPort()
    let endpoints = [one.port, closed.port, two.port].map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams: { origin: { endpoints: [\(endpoints)] } }
      domains: [{ name: example.com, upstream: origin }]
      """
    try await TestGateway.with(yaml) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        var seen: [String: Int] = [:]
        for _ in 0..<30 {
          try await exchange.send(request("GET /"))
          let message = try #require(try await exchange.receiveMessage())
          seen[String(decoding: message.content, as: UTF8.self), default: 0] += 1
        }
        // What the dead one refuses goes to another; no request is lost.
        #expect(seen.keys.sorted() == ["one", "two"])
        #expect(seen.values.reduce(0, +) == 30)
        #expect(seen.values.allSatisfy { $0 >= 5 })
      }
    }
  }
}
