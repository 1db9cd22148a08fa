import GatewayTesting
import HTTPWire
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TokenService
import UserApiTokens

@testable import GatewayKit
@testable import TokenRegistry

/// The plugin with everything around it that an engine would give, on two loops. The clock stands still until the test
/// moves it, so a reading runs when the test says so.
final class Rig: Sendable {
  let clock: TestClock
  let counters = CounterRegistry()
  let log = LogLines()
  let plugin: TokenRegistryPlugin
  private let loops: [Loop]

  /// A loop's filter, which is used on its loop only.
  private final class Loop: @unchecked Sendable {
    let context: LoopContext
    let filter: any AuthorizeFilter

    init(_ plugin: TokenRegistryPlugin, _ eventLoop: any EventLoop, _ index: Int, _ clock: TestClock) throws {
      context = LoopContext(eventLoop: eventLoop, index: index, clock: clock, random: SystemRandomNumberGenerator())
      filter = try #require(plugin.makeFilter(on: context) as? any AuthorizeFilter)
    }
  }

  init(
    _ settings: TokenRegistrySettings, clock: TestClock, tuning: ListReader.Tuning = .init()
  ) throws {
    self.clock = clock
    let group = MultiThreadedEventLoopGroup.singleton
    let environment = PluginEnvironment(
      clock: clock, logger: log.logger, eventLoopGroup: group, catalogs: [:], hashSeed: 42, counters: counters)
    let plugin = try TokenRegistryPlugin(
      settings: settings, at: SourcePosition(file: "test.yaml", line: 1, column: 1), environment: environment,
      tuning: tuning)
    self.plugin = plugin
    loops = try (0..<2).map { try Loop(plugin, group.next(), $0, clock) }
  }

  /// Runs the plugin while a body runs.
  static func with(
    _ settings: TokenRegistrySettings, clock: TestClock, tuning: ListReader.Tuning = .init(),
    _ body: (Rig) async throws -> Void
  ) async throws {
    let rig = try Rig(settings, clock: clock, tuning: tuning)
    try await rig.plugin.start()
    do { try await body(rig) } catch {
      await rig.plugin.shutdown()
      throw error
    }
    await rig.plugin.shutdown()
  }

  /// The plugin for that service, with further settings.
  static func with(
    _ api: API, _ lines: [(String, String)] = [], clock: TestClock, tuning: ListReader.Tuning = .init(),
    _ body: (Rig) async throws -> Void
  ) async throws {
    let settings = try settings(
      [("api", api.url)] + lines, environment: ["TOKEN": api.admin.secret.reveal()])
    try await with(settings, clock: clock, tuning: tuning, body)
  }

  /// How an exchange with that token ends: `next` or the reason code, with `waited ` in front when it had to wait.
  func judge(_ id: String, _ subject: String, loop index: Int = 0) async throws -> String {
    let asking = try await ask(id, subject, loop: index)
    return try await asking.get()
  }

  /// Begins an exchange; its end comes when it has waited, if it must.
  func ask(_ id: String, _ subject: String, loop index: Int = 0) async throws -> EventLoopFuture<String> {
    let loop = loops[index]
    return try await loop.context.eventLoop.submit {
      let asking = Asking(loop.context, loop.filter)
      let print = Fingerprint(UInt64(truncatingIfNeeded: id.hashValue), 0, 0, 0)
      let identity = Identity(
        fingerprint: print, subject: subject, kind: "apiToken", issuer: "id.example", tokenID: id, scopes: [],
        scopesFingerprint: print, expiry: .max)
      return asking.begin(identity)
    }.get()
  }

  /// What becomes of a request without a token.
  func judgeWithoutIdentity() async throws -> String {
    let loop = loops[0]
    return try await loop.context.eventLoop.submit { Asking(loop.context, loop.filter).begin(nil) }.get().get()
  }

  /// What both loops say, which must be the same.
  func judgeOnAllLoops(_ id: String, _ subject: String) async throws -> String {
    let verdicts = [try await judge(id, subject), try await judge(id, subject, loop: 1)]
    #expect(verdicts[0] == verdicts[1])
    return verdicts[0]
  }

  /// Lets time pass and waits until the reading that is due then, if one is, has ended.
  func advance(_ seconds: Int64) async throws {
    let registry = plugin.registry
    let before = registry.state.withLock { $0.schedule.due }
    clock.advance(by: .seconds(seconds))
    guard clock.monotonic() >= before else { return }
    registry.waker.yield()
    while registry.state.withLock({ $0.schedule.due }) == before { try await Task.sleep(for: .milliseconds(1)) }
  }

  func value(_ name: String, reason: String? = nil) -> UInt64 {
    let labels = reason.map { "reason=\"\($0)\"" } ?? ""
    return counters.snapshot().first {
      $0.key.name == "gatehouse_token_registry_\(name)_total" && $0.key.labels == labels
    }?
    .value ?? 0
  }

  /// One exchange, from the filter's first word to its last.
  private final class Asking: ExchangeDriver {
    private let exchange: Exchange
    private let filter: any AuthorizeFilter
    private let promise: EventLoopPromise<String>
    private var waits = 0

    init(_ context: LoopContext, _ filter: any AuthorizeFilter) {
      exchange = Exchange(loop: context, peerAddress: "192.0.2.1", isSecure: false)
      promise = context.eventLoop.makePromise()
      self.filter = filter
    }

    func begin(_ identity: Identity?) -> EventLoopFuture<String> {
      exchange.identity = identity
      exchange.driver = self
      identify()
      return promise.futureResult
    }

    func resumed(_ exchange: Exchange, _ continuation: Continuation) {
      guard case .again = continuation else { return end("resumed otherwise") }
      identify()
    }

    private func identify() {
      exchange.loop.refresh()
      switch filter.authorize(exchange) {
      case .next: end("next")
      case .reply(let reply): end(reply.reason?.text ?? "")
      case .wait: waits += 1
      }
    }

    private func end(_ text: String) {
      exchange.driver = nil
      promise.succeed((waits > 0 ? "waited " : "") + text)
    }
  }
}
