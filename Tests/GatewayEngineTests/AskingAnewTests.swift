import GatewayEngine
import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

/// A plugin whose filter never has a use for a response, or gives one of its own in place of an error.
private struct ReplacingPlugin: Plugin {
  struct Settings: PluginSettings {
    let asksAnew: Bool

    init(reading settings: SettingsReader) { asksAnew = settings.string("asks_anew", default: "yes") == "yes" }
  }

  static let descriptor = PluginDescriptor(id: "replacing", summary: "Has something in the place of responses.")
  private let settings: Settings

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) { self.settings = settings }

  func makeFilter(on loop: LoopContext) -> any Filter { ReplacingFilter(asksAnew: settings.asksAnew) }
}

private final class ReplacingFilter: RequestFilter, ResponseFilter, RevalidationFilter {
  private let asksAnew: Bool

  init(asksAnew: Bool) { self.asksAnew = asksAnew }

  func request(_ exchange: Exchange) -> Verdict {
    exchange.requestAdditions.add(.ifNoneMatch, "\"kept\"".utf8)
    exchange.requestAdditions.add(name: "x-own", "stays".utf8)
    return .next
  }

  func response(_ exchange: Exchange) { exchange.responseAdditions.add(name: "x-seen", "once".utf8) }

  func wantsAnother(_ exchange: Exchange) -> Bool { asksAnew }

  func willAskAnew(_ exchange: Exchange) { exchange.requestAdditions.remove([.ifNoneMatch]) }

  func revalidated(_ exchange: Exchange) -> Reply? {
    guard exchange.response.status >= 500 else { return nil }
    return Reply(status: 200, fields: ByteBuffer(), body: ByteBuffer(string: "kept"))
  }

  func upstreamFailed(_ exchange: Exchange) -> Reply? { nil }
}

@Suite struct AskingAnewTests {
  private static func yaml(_ origin: ScriptedOrigin, asksAnew: String = "yes") -> String {
    configuration(origin: origin.port, "defaults: { use: [{ replacing: { asks_anew: \"\(asksAnew)\" } }] }")
  }

  /// Once for an exchange, without what the filter took back, and only where a request may be sent again.
  @Test(arguments: [("GET /", "", 2), ("HEAD /", "", 2), ("POST /", "", 1), ("GET /", "body", 1), ("DELETE /", "", 1)])
  func asksOnceMore(line: String, content: String, times: Int) async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 304 Not Modified\r\n\r\n", recording: log)
    defer { origin.stop() }
    try await TestGateway.with(Self.yaml(origin), plugins: [ReplacingPlugin.self]) { gateway in
      let length = content.isEmpty ? "X-No: content" : "Content-Length: \(content.utf8.count)"
      let answer = try await answer(
        to: request(line, "Connection: close", length, content: content), port: gateway.port)
      #expect(answer.hasPrefix("HTTP/1.1 304 "))
      #expect(answer.ranges(of: "x-seen").count == 1, "\(answer)")
      #expect(try await gateway.counters().upstreamRetries == UInt64(times - 1))
    }
    #expect(log.requests.count == times)
    for (index, request) in log.requests.enumerated() {
      let request = request.lowercased()
      #expect(request.contains("if-none-match") == (index == 0) && request.contains("x-own: stays"), "\(request)")
    }
  }

  /// An upstream that is asked again too often already is not asked once more.
  @Test func staysWithinTheBudget() async throws {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 304 Not Modified\r\n\r\n")
    defer { origin.stop() }
    let yaml = Self.yaml(origin).replacing("\"] }", with: "\"], retry: { budget: 0%, least: 0 } }")
    try await TestGateway.with(yaml, plugins: [ReplacingPlugin.self]) { gateway in
      let answer = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(answer.hasPrefix("HTTP/1.1 304 "))
      #expect(try await gateway.counters().upstreamRetries == 0)
    }
  }

  /// What is still to come of a response that was replaced is nobody's concern: the next request does not wait for it.
  @Test(arguments: [
    "HTTP/1.1 503 So\r\nContent-Length: 9\r\n\r\ncut",
    "HTTP/1.1 500 So\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n",
    "HTTP/1.1 500 So\r\n\r\nendless",
  ])
  func doesNotWaitForTheRest(response: String) async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in
      while let request = try await exchange.receiveMessage() {
        try await exchange.send(request.head.hasPrefix("GET /bad") ? response : helloResponse)
      }
    }
    defer { origin.stop() }
    try await TestGateway.with(Self.yaml(origin, asksAnew: "no"), plugins: [ReplacingPlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { connection in
        for (path, content) in [("/bad", "kept"), ("/", "hello"), ("/bad", "kept"), ("/bad", "kept"), ("/", "hello")] {
          try await connection.send(request("GET \(path)"))
          let message = try await connection.receiveMessage()
          #expect(message.map { String(decoding: $0.content, as: UTF8.self) } == content)
        }
      }
    }
    #expect(origin.connections == 4)
  }

  /// What came with the head is read, and the connection stays.
  @Test(arguments: [
    "Content-Length: 4\r\n\r\noops", "Content-Length: 0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n4\r\noops\r\n0\r\nX-T: 1\r\n\r\n",
  ])
  func keepsAConnectionWhoseResponseIsHere(rest: String) async throws {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 503 So\r\n\(rest)")
    defer { origin.stop() }
    try await TestGateway.with(Self.yaml(origin, asksAnew: "no"), plugins: [ReplacingPlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { connection in
        for _ in 0..<3 {
          try await connection.send(request("GET /"))
          let message = try await connection.receiveMessage()
          #expect(message.map { String(decoding: $0.content, as: UTF8.self) } == "kept")
        }
      }
    }
    #expect(origin.connections == 1)
  }
}
