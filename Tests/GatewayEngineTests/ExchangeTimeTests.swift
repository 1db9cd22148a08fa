import GatewayEngine
import GatewayKit
import GatewayTesting
import NIOCore
import Testing

/// A plugin that waits for something that never comes.
private struct StuckPlugin: Plugin {
  struct Settings: PluginSettings {
    init(reading settings: SettingsReader) {}
  }

  static let descriptor = PluginDescriptor(id: "stuck", summary: "Waits for ever.")

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) throws(ConfigurationError) {}

  func makeFilter(on loop: LoopContext) -> any Filter { StuckFilter() }
}

private final class StuckFilter: RequestFilter {
  private var held: [Resumption] = []

  func request(_ exchange: Exchange) -> Verdict {
    held.append(exchange.suspend())
    return .wait
  }
}

/// How long a whole exchange may take, wherever it is.
@Suite(.timeLimit(.minutes(2))) struct ExchangeTimeTests {
  private let times = """
    timeouts: { exchange: 10s, plugin_wait: 1h, upstream_head: 1h, upstream_body_idle: 1h, body_idle: 1h }
    """

  private func expectLate(_ text: String) {
    #expect(text.hasPrefix("HTTP/1.1 504 "), "\(text)")
    #expect(text.contains("\"reason\":\"exchange_timeout\""))
  }

  @Test func endsAWaitForAPlugin() async throws {
    let closed = try ClosedPort()
    let clock = TestClock()
    let yaml = bare(origin: closed.port, times + "\ndefaults: { use: [stuck] }")
    try await TestGateway.with(yaml, plugins: [StuckPlugin.self], clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /", "Connection: close"))
        while try await gateway.counters().requests == 0 { try await gateway.settle() }
        clock.advance(by: .seconds(11))
        return await exchange.receiveAll()
      }
      expectLate(text)
    }
  }

  @Test func endsAWaitForAConnection() async throws {
    let arrived = Signals()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
      arrived.give()
      _ = await exchange.receiveAll()
    }
    let clock = TestClock()
    let yaml = bare(origin: origin.port, upstream: ", max_connections: 1", times)
    try await TestGateway.with(yaml, clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { first in
        try await first.send(request("GET /"))
        await arrived.take()
        let text = try await RawConnection.with(port: gateway.port) { exchange in
          try await exchange.send(request("GET /", "Connection: close"))
          while try await gateway.counters().requests < 2 { try await gateway.settle() }
          clock.advance(by: .seconds(11))
          return await exchange.receiveAll()
        }
        expectLate(text)
      }
    }
  }

  @Test(arguments: ["GET /", "POST /"])
  func endsAWaitForTheHead(_ line: String) async throws {
    let (arrived, left) = (Signals(), Signals())
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      arrived.give()
      _ = await exchange.receiveAll()
      left.give()
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, times), clock: clock) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        let length = line.hasPrefix("POST") ? "10" : "0"
        try await exchange.send(request(line, "Connection: close", "Content-Length: \(length)", content: ""))
        await arrived.take()
        clock.advance(by: .seconds(11))
        return await exchange.receiveAll()
      }
      expectLate(text)
      await left.take()
    }
  }

  @Test func cutsAnAnswerThatGoesOn() async throws {
    let (passed, left) = (Signals(), Signals())
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
      // In its end, the connection fails under this.
      while (try? await exchange.send("x")) != nil, await passed.take() {}
      left.give()
    }
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, times), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /"))
        for _ in 0..<4 {
          _ = try await exchange.receive(until: "x")
          clock.advance(by: .seconds(3))
          passed.give()
        }
        let rest = await exchange.receiveAll()
        #expect(rest.utf8.count < 10)
      }
      #expect(try await gateway.counts("exchange_timeout"))
    }
  }

  @Test func leavesTheNextExchangeItsOwnTime() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    let clock = TestClock()
    try await TestGateway.with(bare(origin: origin.port, times), clock: clock) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<4 {
          try await exchange.send(request("GET /"))
          #expect(try await exchange.receiveMessage()?.head.hasPrefix("HTTP/1.1 200 ") == true)
          clock.advance(by: .seconds(6))
          try await gateway.settle()
        }
      }
    }
  }
}
