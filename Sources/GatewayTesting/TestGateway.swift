import GatewayConfig
package import GatewayEngine
public import GatewayKit
public import Logging
import NIOCore
import NIOPosix

/// A whole gateway in the test's process, on real sockets.
public final class TestGateway: Sendable {
  /// The port of the first listener.
  public let port: Int
  /// The counters that the plugins registered.
  public let pluginCounters: CounterRegistry
  package let gateway: Gateway

  /// Starts a gateway.
  ///
  /// - Parameters:
  ///   - yaml: the configuration; bind listeners to `127.0.0.1:0`.
  ///   - plugins: the plugins it may use.
  ///   - catalogs: catalogues of operations by name.
  ///   - loops: how many event loops.
  ///   - clock: time.
  ///   - sharedLimits: the store of limits that `stores` would name.
  ///   - logger: where it logs; nowhere without one.
  public static func start(
    _ yaml: String, plugins: [any Plugin.Type] = [], catalogs: [String: OperationCatalog] = [:], loops: Int = 1,
    clock: any GatewayClock = SystemClock(), sharedLimits: (any LimitStore)? = nil, logger: Logger? = nil
  ) async throws -> TestGateway {
    let logger = logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let generation = try compile(
      yaml, plugins: plugins, catalogs: catalogs, clock: clock, sharedLimits: sharedLimits, logger: logger)
    let gateway = try await Gateway.start(generation, loops: loops, clock: clock, logger: logger)
    return TestGateway(gateway)
  }

  /// Compiles a configuration as ``start(_:plugins:catalogs:loops:clock:sharedLimits:logger:)`` does.
  package static func compile(
    _ yaml: String, plugins: [any Plugin.Type] = [], catalogs: [String: OperationCatalog] = [:],
    clock: any GatewayClock, sharedLimits: (any LimitStore)? = nil, logger: Logger
  ) throws -> Generation {
    let configuration = try ConfigurationLoader.parse(
      text: yaml, file: "test.yaml", environment: [:], baseDirectory: ".")
    let environment = PluginEnvironment(
      clock: clock, logger: logger, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, catalogs: catalogs,
      hashSeed: .random(in: .min ... .max), counters: CounterRegistry(), sharedLimits: sharedLimits,
      cacheBounds: configuration.stores.cache)
    return try GenerationCompiler.compile(
      configuration, registry: PluginRegistry(plugins), environment: environment)
  }

  private init(_ gateway: Gateway) {
    self.gateway = gateway
    self.pluginCounters = gateway.pluginCounters
    self.port = gateway.addresses.first?.port ?? 0
  }

  /// The sum of the loops' counters.
  package func counters() async throws -> LoopCounters { try await gateway.counters() }

  /// Lets running exchanges finish, at most for the limit, and ends the gateway.
  public func stop(limit: Duration = .seconds(2)) async {
    await gateway.drain(limit: limit)
  }

  /// Runs a body with a gateway and ends it afterwards, whatever happens.
  public static func with<R>(
    _ yaml: String, plugins: [any Plugin.Type] = [], catalogs: [String: OperationCatalog] = [:], loops: Int = 1,
    clock: any GatewayClock = SystemClock(), sharedLimits: (any LimitStore)? = nil, logger: Logger? = nil,
    _ body: (TestGateway) async throws -> R
  ) async throws -> R {
    let gateway = try await start(
      yaml, plugins: plugins, catalogs: catalogs, loops: loops, clock: clock, sharedLimits: sharedLimits,
      logger: logger)
    do {
      let result = try await body(gateway)
      await gateway.stop()
      return result
    } catch {
      await gateway.stop(limit: .zero)
      throw error
    }
  }
}
