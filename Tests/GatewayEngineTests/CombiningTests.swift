import GatewayEngine
import GatewayKit
import GatewayTesting
import Logging
import NIOCore
import Testing

/// A plugin whose instances act as one: it tells which of them are on the chain, and waits as long as it is told to.
private struct LabelPlugin: CombiningPlugin {
  struct Settings: PluginSettings {
    let label: String
    let wait: Duration?

    init(reading settings: SettingsReader) {
      label = settings.string("label", default: "")
      wait = settings.optionalDuration("wait")
    }
  }

  static let descriptor = PluginDescriptor(id: "label", summary: "Tells who is there.")
  let settings: Settings

  init(
    settings: Settings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
  }

  var remarks: [String] { settings.label == "a" ? ["a is a label"] : [] }

  func makeFilter(on loop: LoopContext) -> any Filter { Self.makeFilter(on: loop, combining: [self]) }

  static func makeFilter(on loop: LoopContext, combining plugins: [Self]) -> any Filter {
    LabelFilter(plugins.map(\.settings.label).joined(separator: "+"), wait: plugins.compactMap(\.settings.wait).first)
  }
}

private final class LabelFilter: LimitFilter {
  private let text: String
  private let wait: Duration?

  init(_ text: String, wait: Duration?) {
    self.text = text
    self.wait = wait
  }

  func limit(_ exchange: Exchange) -> Verdict {
    exchange.responseAdditions.add(name: "X-Labels", text.utf8)
    guard let wait else { return .next }
    let resumption = exchange.suspend(atMost: 30_000_000_000)
    exchange.loop.eventLoop.scheduleTask(in: TimeAmount(wait)) { resumption.resume(.next) }
    return .wait
  }
}

@Suite(.timeLimit(.minutes(1))) struct CombiningTests {
  private func labels(_ floor: String, _ defaults: String, _ domain: String, pluginWait: String = "5s") async throws
    -> String
  {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    defer { origin.stop() }
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      timeouts: { plugin_wait: \(pluginWait) }
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      floor: { use: [\(floor)] }
      defaults: { use: [\(defaults)] }
      domains: [{ name: example.com, upstream: origin, use: [\(domain)] }]
      """
    return try await TestGateway.with(yaml, plugins: [LabelPlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(
          "GET / HTTP/1.1\r\nHost: gateway.test\r\nlosantdomain: example.com\r\nConnection: close\r\n\r\n")
        let text = await exchange.receiveAll()
        #expect(text.hasPrefix("HTTP/1.1 200"))
        return text.split(separator: "\r\n").filter { $0.hasPrefix("X-Labels: ") }.joined(separator: ",")
      }
    }
  }

  @Test func instancesOfOneChainAreOneFilter() async throws {
    #expect(try await labels("{ label: { label: a } }", "{ label: { label: b } }", "") == "X-Labels: a+b")
    #expect(
      try await labels("{ label: { label: a } }", "{ label: { label: b } }", "{ label: { label: c } }")
        == "X-Labels: a+c")
    #expect(try await labels("", "{ label: { label: b } }", "") == "X-Labels: b")
    // The same settings are one instance.
    #expect(try await labels("{ label: { label: a } }", "{ label: { label: a } }", "") == "X-Labels: a")
  }

  /// A filter that says how long it may take is not cut short by what holds for the others.
  @Test func aFilterMayWaitLongerThanOthers() async throws {
    #expect(
      try await labels("", "{ label: { label: a, wait: 400ms } }", "", pluginWait: "50ms") == "X-Labels: a")
  }

  @Test func remarksAreToldOnce() throws {
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:1"] } }
      floor: { use: [{ label: { label: a } }] }
      defaults: { use: [{ label: { label: a, wait: 1s } }] }
      domains: [{ name: example.com, upstream: origin }]
      """
    let generation = try TestGateway.compile(
      yaml, plugins: [LabelPlugin.self], clock: SystemClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    #expect(generation.remarks == ["a is a label"])
  }
}
