import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

/// A plugin that does in each phase what the request's field `x-do` says.
private struct ProbePlugin: Plugin {
  struct Settings: PluginSettings {
    init(reading settings: SettingsReader) {}
  }

  static let descriptor = PluginDescriptor(id: "probe", summary: "Does what a test says.")

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) throws(ConfigurationError) {}

  func makeFilter(on loop: LoopContext) -> any Filter { ProbeFilter() }
}

private final class ProbeFilter: IdentityFilter, RequestFilter, ResponseFilter {
  private var asked = 0

  func identify(_ exchange: Exchange) -> Verdict {
    switch command(exchange) {
    case "refuse": return .reply(Reply(refusing: 403, "probe_refused", message: "no"))
    case "wait": return waiting(exchange, .next)
    case "wait-long": return waiting(exchange, .next, for: .milliseconds(1500))
    case "wait-refuse": return waiting(exchange, .reply(Reply(refusing: 401, "probe_later", message: "no")))
    case "again":
      asked += 1
      return asked % 3 == 0 ? .next : waiting(exchange, .again)
    case "forget":
      _ = exchange.suspend()
      return .wait
    case "twice":
      let resumption = exchange.suspend()
      resumption.resume(.next)
      resumption.resume(.next)
      return .wait
    case "lie": return .wait
    default: return .next
    }
  }

  func request(_ exchange: Exchange) -> Verdict {
    exchange.requestAdditions.add(name: "x-probe", "a\r\nb: c".utf8)
    exchange.requestAdditions.add(.userAgent, "probe".utf8)
    return .next
  }

  func response(_ exchange: Exchange) { exchange.responseAdditions.add(name: "x-seen", "yes".utf8) }

  private func command(_ exchange: Exchange) -> String {
    guard let index = exchange.request.block.firstIndex(named: "x-do") else { return "" }
    return exchange.request.block.withValue(index) { String(decoding: $0, as: UTF8.self) }
  }

  private func waiting(
    _ exchange: Exchange, _ continuation: Continuation, for time: TimeAmount = .milliseconds(20)
  ) -> Verdict {
    let resumption = exchange.suspend()
    resumption.eventLoop.scheduleTask(in: time) { resumption.resume(continuation) }
    return .wait
  }
}

@Suite struct ChainTests {
  private static func yaml(_ origin: Int) -> String {
    configuration(origin: origin, pluginWait: "1s", "defaults: { use: [probe] }")
  }

  @Test(arguments: [
    ("", "HTTP/1.1 200 OK"), ("refuse", "probe_refused"), ("wait", "HTTP/1.1 200 OK"), ("wait-refuse", "probe_later"),
    ("again", "HTTP/1.1 200 OK"), ("forget", "plugin_timeout"), ("twice", "HTTP/1.1 200 OK"), ("lie", "plugin_failed"),
  ])
  func obeysVerdicts(_ command: String, _ expected: String) async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(Self.yaml(origin.port), plugins: [ProbePlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for _ in 0..<2 {
          try await exchange.send(request("GET /", "x-do: \(command)", "User-Agent: client"))
          let message = try #require(try await exchange.receiveMessage())
          let text = message.head + String(decoding: message.content, as: UTF8.self)
          #expect(text.contains(expected), "\(text)")
          #expect(message.head.contains("x-seen: yes\r\n"))
        }
      }
    }
    for seen in log.requests {
      #expect(seen.contains("x-probe: a  b: c\r\n"))
      #expect(seen.contains("User-Agent: probe\r\n") && !seen.contains("User-Agent: client"))
    }
  }

  @Test func forgetsAWaitingExchangeWhenTheClientLeaves() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(Self.yaml(origin.port), plugins: [ProbePlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { try await $0.send(request("GET /", "x-do: wait-long")) }
      try await Task.sleep(for: .milliseconds(1800))
      let text = try await answer(to: request("GET /after", "Connection: close"), port: gateway.port)
      #expect(text.hasSuffix("hello"))
    }
    #expect(log.requests.count == 1)
  }

  @Test func unknownPluginsFailTheLoad() async throws {
    await #expect(throws: ConfigurationError.self) {
      _ = try await TestGateway.start(Self.yaml(1), plugins: [])
    }
  }
}
