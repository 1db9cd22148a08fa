public import GatewayKit
import HTTPWire
import Logging
import NIOCore
import NIOEmbedded

/// Runs one plugin without a gateway: makes it from settings as a configuration has them and shows it exchanges.
public final class FilterHarness<P: Plugin> {
  /// The plugin under test.
  public let plugin: P
  /// The time that the plugin sees.
  public let clock: TestClock
  /// The counters that the plugin registered.
  public let counters = CounterRegistry()
  /// Its filter on the harness's only loop.
  public let filter: any Filter
  /// The limits of the process that the plugin sees.
  public let memory: MemoryLimitStore
  private let context: LoopContext
  private let loop = EmbeddedEventLoop()

  /// Lets so much time pass for what is scheduled on the loop.
  package func runLoop(for duration: Duration) {
    let (seconds, attoseconds) = duration.components
    loop.advanceTime(by: .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
  }

  /// Makes the plugin.
  ///
  /// - Parameters:
  ///   - settings: YAML, such as `rate: 10/s`.
  ///   - catalogs: catalogues of operations that the plugin may name.
  ///   - clock: the time that it sees.
  ///   - memoryLimits: the limits of the process.
  ///   - sharedLimits: the limits that gateways share.
  ///   - scope: who says that the plugin is used.
  /// - Throws: ``ConfigurationError`` with everything that is wrong with the settings.
  public init(
    _ type: P.Type, settings: String = "", catalogs: [String: OperationCatalog] = [:], clock: TestClock = TestClock(),
    memoryLimits: MemoryLimitStore = MemoryLimitStore(), sharedLimits: (any LimitStore)? = nil,
    scope: PluginScope = .defaults
  ) throws {
    var environment = PluginEnvironment(
      clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, eventLoopGroup: loop,
      catalogs: catalogs, hashSeed: 1, counters: counters, memoryLimits: memoryLimits, sharedLimits: sharedLimits)
    environment.scope = scope
    self.clock = clock
    memory = memoryLimits
    context = LoopContext(eventLoop: loop, index: 0, clock: clock, random: SystemRandomNumberGenerator())
    plugin = try P(
      settings: SettingsSource.decode(P.Settings.self, yaml: settings), at: SettingsSource.position,
      environment: environment)
    filter = plugin.makeFilter(on: context)
  }

  /// An exchange whose request is this head: lines without their CRLF; `Host` is added when it is missing.
  public func exchange(_ lines: String..., domain: String = "example.com", route: String = "/*") throws -> Exchange {
    try exchange(lines: lines, domain: domain, route: route)
  }

  /// The same with the lines as a list.
  public func exchange(lines: [String], domain: String = "example.com", route: String = "/*") throws -> Exchange {
    context.refresh()
    let exchange = Exchange(loop: context, peerAddress: "192.0.2.1", isSecure: false)
    let host = lines.contains { $0.lowercased().hasPrefix("host:") } ? [] : ["Host: gateway.test"]
    var bytes = ByteBuffer(string: (lines + host).map { $0 + "\r\n" }.joined() + "\r\n")
    var parser = RequestHeadParser()
    guard try parser.parse(&bytes, into: &exchange.request) else { throw HarnessError.incompleteHead }
    exchange.domain = DomainFacts(name: domain)
    exchange.route = RouteFacts(pattern: route, methods: "*")
    return exchange
  }

  /// Gives an exchange the origin's response head: lines without their CRLF.
  public func respond(to exchange: Exchange, _ lines: String...) throws { try respond(to: exchange, lines: lines) }

  /// The same with the lines as a list.
  public func respond(to exchange: Exchange, lines: [String]) throws {
    var bytes = ByteBuffer(string: lines.map { $0 + "\r\n" }.joined() + "\r\n")
    var parser = ResponseHeadParser()
    guard try parser.parse(&bytes, into: &exchange.response, requestMethod: exchange.request.method) else {
      throw HarnessError.incompleteHead
    }
  }
}

/// A test's own mistake.
public enum HarnessError: Error {
  /// The lines given are no whole head.
  case incompleteHead
  /// A process or socket that a test needs did not answer in time.
  case timeout(String)
}
