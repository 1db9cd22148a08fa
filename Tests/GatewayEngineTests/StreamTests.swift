import GatewayEngine
import GatewayTesting
import Testing

/// Streams of events: nothing is held back, and long silence is no fault.
@Suite(.timeLimit(.minutes(2))) struct StreamTests {
  private static let chunkedHead = "Transfer-Encoding: chunked\r\n"
  private let times = "timeouts: { exchange: 2m, stream_idle: 10m, upstream_body_idle: 60s }"

  /// Sends an event for each signal.
  private func origin(_ fields: String, _ wanted: Signals, chunked: Bool = true) async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      let framing = chunked ? "Transfer-Encoding: chunked\r\n" : ""
      try await exchange.send("HTTP/1.1 200 OK\r\n\(fields)\(framing)\r\n")
      while await wanted.take() { try await exchange.send(chunked ? "9\r\ndata: 1\n\n\r\n" : "data: 1\n\n") }
    }
  }

  @Test(arguments: [true, false], ["HTTP/1.1", "HTTP/1.0"])
  func passesEachEventAtOnce(_ isChunked: Bool, _ version: String) async throws {
    let wanted = Signals()
    let origin = try await origin("Content-Type: text/event-stream\r\n", wanted, chunked: isChunked)
    try await TestGateway.with(bare(origin: origin.port, times)) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send("GET / \(version)\r\nHost: example.com\r\n\r\n")
        let head = try #require(try await exchange.receive(until: "\r\n\r\n"))
        #expect(head.contains("Transfer-Encoding: chunked") == (version == "HTTP/1.1"))
        for _ in 0..<20 {
          // The next one is not sent before this one is here.
          wanted.give()
          #expect(try await exchange.receive(until: "data: 1\n\n") != nil)
        }
      }
    }
  }

  @Test(arguments: [
    ("Content-Type: text/event-stream\r\n", ""), ("content-type: Text/Event-Stream;charset=utf-8\r\n", ""),
    ("Content-Type: text/event-stream \t; charset=utf-8\r\n", ""), ("Content-Type: text/plain\r\n", "stream: true"),
  ])
  func mayBeSilent(_ field: String, _ setting: String) async throws {
    let wanted = Signals()
    let origin = try await origin(field, wanted)
    let clock = TestClock()
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      domains:
        - name: example.com
          upstream: origin
          routes: [{ match: { path: "/*" }\(setting.isEmpty ? "" : ", ")\(setting) }]
      \(times)
      """
    try await TestGateway.with(yaml, clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /events"))
        for _ in 0..<3 {
          wanted.give()
          #expect(try await exchange.receive(until: "data: 1\n\n") != nil)
          clock.advance(by: .seconds(590))
          try await gateway.settle()
        }
        wanted.give()
        #expect(try await exchange.receive(until: "data: 1\n\n") != nil)
        clock.advance(by: .seconds(601))
        #expect(!(await exchange.receiveAll()).contains("0\r\n\r\n"))
      }
      #expect(try await gateway.counts("upstream_body_timeout"))
    }
  }

  @Test(arguments: ["text/event-streams", "text/event", "application/json", "text/plain; text/event-stream"])
  func holdsOthersToTheOrdinaryTime(_ type: String) async throws {
    let wanted = Signals()
    let origin = try await origin("Content-Type: \(type)\r\n", wanted)
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, times), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /"))
        wanted.give()
        #expect(try await exchange.receive(until: "data: 1\n\n") != nil)
        clock.advance(by: .seconds(61))
        #expect(!(await exchange.receiveAll()).contains("0\r\n\r\n"))
      }
      #expect(try await gateway.counts("upstream_body_timeout"))
    }
  }

  @Test func aStreamRouteIsHeldToTheExchangeTimeUntilItBegins() async throws {
    let arrived = Signals()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      arrived.give()
      _ = await exchange.receiveAll()
    }
    let clock = TestClock()
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"], head_timeout: 1h } }
      domains: [{ name: example.com, upstream: origin, routes: [{ match: { path: "/*" }, stream: true }] }]
      timeouts: { exchange: 2m }
      """
    try await TestGateway.with(yaml, clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /events", "Connection: close"))
        await arrived.take()
        clock.advance(by: .seconds(121))
        return await exchange.receiveAll()
      }
      #expect(text.contains("exchange_timeout"))
    }
  }

  @Test func endsAtTheOriginWhenTheClientLeaves() async throws {
    let left = RequestLog()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
      _ = await exchange.receiveAll()
      left.append("left")
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, times), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /"))
        _ = try await exchange.receive(until: "data: 1\n\n")
      }
      // A client that has closed its side has a moment.
      try await eventually("the end at the origin") {
        clock.advance(by: .milliseconds(300))
        return !left.requests.isEmpty
      }
      #expect(try await gateway.counts("client_closed"))
    }
  }
}
