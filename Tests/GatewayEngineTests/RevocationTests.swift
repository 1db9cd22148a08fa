import GatewayEngine
import GatewayKit
import GatewayTesting
import Testing

/// What was begun with a token that is revoked meanwhile. ``MinutePlugin`` knows every caller by one fingerprint.
@Suite(.timeLimit(.minutes(2))) struct RevocationTests {
  private static let caller = TokenRevocation.Target.hash(UInt64(1).byteSwapped)
  private static let times = "timeouts: { tunnel_idle: 1h, stream_idle: 1h }\ndefaults: { use: [minute] }"

  private func origin(_ head: String) async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      try await exchange.send("HTTP/1.1 \(head)\r\n\r\n5\r\nhello\r\n")
      _ = await exchange.receiveAll()
    }
  }

  @Test(arguments: [
    ("101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket", true),
    ("200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked", true),
    ("200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked", false),
  ])
  func endsTunnelsAndStreams(_ head: String, _ ends: Bool) async throws {
    let origin = try await origin(head)
    let clock = TestClock()
    let yaml = bare(origin: origin.port, Self.times)
    try await TestGateway.with(yaml, plugins: [MinutePlugin.self], loops: 2, clock: clock) { gateway in
      let list = gateway.gateway.revocations
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(
          "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        #expect(try await exchange.receive(until: "hello\r\n") != nil)
        // Another token's revocation ends nothing.
        _ = try list.revoke(TokenRevocation(.hash(99)))
        clock.advance(by: .seconds(2))
        try await gateway.settle()
        #expect(try await gateway.counters().reasons.isEmpty)
        _ = try list.revoke(TokenRevocation(Self.caller))
        clock.advance(by: .seconds(2))
        guard ends else {
          try await gateway.settle()
          #expect(try await gateway.counters().reasons.isEmpty)
          return
        }
        #expect(await exchange.receiveAll() == "", "it is cut, not completed")
      }
      #expect(try await gateway.counts("token_revoked") == ends)
    }
  }
}
