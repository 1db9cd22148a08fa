import GatewayEngine
import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Synchronization
import Testing

/// Fills an exchange with all that filters can leave in it, holds it, and notes what it finds in the next one.
private struct LeavingPlugin: Plugin {
  struct Settings: PluginSettings {
    init(reading settings: SettingsReader) {}
  }

  static let descriptor = PluginDescriptor(id: "leaving", summary: "Looks for what others left.")
  private let slot: StateSlot

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) throws(ConfigurationError) {
    slot = environment.makeStateSlot()
  }

  func makeFilter(on loop: LoopContext) -> any Filter { LeavingFilter(slot) }
}

private final class LeavingFilter: IdentityFilter, ObserveFilter {
  private final class Mark {}

  private let slot: StateSlot
  private var held: Resumption?
  private var first: ObjectIdentifier?

  init(_ slot: StateSlot) { self.slot = slot }

  func identify(_ exchange: Exchange) -> Verdict {
    exchange.responseAdditions.add(name: "x-found", findings(exchange).utf8)
    guard let held else {
      held = exchange.suspend()
      first = ObjectIdentifier(exchange)
      leave(exchange)
      return .wait
    }
    let own = exchange.suspend()
    // The first client is gone, and this comes too late for it.
    held.resume(.reply(Reply(refusing: 403, "not_yours", message: "This was said to another.")))
    own.eventLoop.execute { own.resume(.next) }
    return .wait
  }

  /// Also tells the test that the first exchange is over.
  func observe(_ exchange: Exchange) { LeavingFilter.observed.give() }

  static let observed = Signals()

  private func leave(_ exchange: Exchange) {
    exchange[slot] = Mark()
    exchange.cacheResult = "hit"
    exchange.requestAdditions.add(name: "x-secret", "of the first".utf8)
    exchange.responseAdditions.add(name: "x-secret", "of the first".utf8)
    "first-id".utf8.withContiguousStorageIfAvailable { exchange.setRequestID(UnsafeRawBufferPointer($0)) }
  }

  private func findings(_ exchange: Exchange) -> String {
    var found: [String] = []
    if first == ObjectIdentifier(exchange) { found.append("same") }
    if exchange[slot] != nil { found.append("state") }
    if exchange.cacheResult != nil { found.append("cache") }
    if exchange.identity != nil { found.append("identity") }
    if exchange.operation != nil { found.append("operation") }
    if exchange.replyInProgress != nil { found.append("reply") }
    if exchange.response.status != 0 { found.append("response") }
    if exchange.outcome.reason != nil || exchange.outcome.status != 0 { found.append("outcome") }
    if exchange.requestID == "first-id" { found.append("id") }
    if exchange.request.block.firstIndex(named: "x-first") != nil { found.append("request") }
    return found.joined(separator: ",")
  }
}

@Suite(.timeLimit(.minutes(1))) struct ExchangeReuseTests {
  /// The object of a connection that is gone serves the next one, and nothing of the first is left in it or comes to it.
  @Test func leavesNothingToTheNextConnection() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    let yaml = configuration(origin: origin.port, pluginWait: "5m", "defaults: { use: [leaving] }")
    try await TestGateway.with(yaml, plugins: [LeavingPlugin.self]) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(request("GET /first", "x-first: 1"))
        while try await gateway.counters().requests < 1 { try await Task.sleep(for: .milliseconds(1)) }
      }
      await LeavingFilter.observed.take()
      while try await gateway.counters().connectionsOpen > 0 { try await Task.sleep(for: .milliseconds(1)) }
      let text = try await answer(to: request("GET /second", "Connection: close"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
      #expect(text.contains("x-found: same\r\n"), "\(text)")
      #expect(!text.contains("secret"))
    }
    #expect(log.requests.count == 1)
    #expect(log.requests.allSatisfy { $0.hasPrefix("GET /second ") && !$0.contains("first") })
  }
}
