import GatewayConfig
package import GatewayEngine
public import GatewayKit
import Logging
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
  public static func start(
    _ yaml: String, plugins: [any Plugin.Type] = [], catalogs: [String: OperationCatalog] = [:], loops: Int = 1,
    clock: any GatewayClock = SystemClock(), sharedLimits: (any SharedLimitStore)? = nil
  ) async throws -> TestGateway {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let configuration = try ConfigurationLoader.parse(
      text: yaml, file: "test.yaml", environment: [:], baseDirectory: ".")
    let environment = PluginEnvironment(
      clock: clock, logger: logger, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, catalogs: catalogs,
      hashSeed: .random(in: .min ... .max), counters: CounterRegistry(), sharedLimits: sharedLimits)
    let generation = try GenerationCompiler.compile(
      configuration, registry: PluginRegistry(plugins), environment: environment)
    let gateway = try await Gateway.start(generation, loops: loops, clock: clock, logger: logger)
    return TestGateway(gateway, environment.counters)
  }

  private init(_ gateway: Gateway, _ counters: CounterRegistry) {
    self.gateway = gateway
    self.pluginCounters = counters
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
    clock: any GatewayClock = SystemClock(), sharedLimits: (any SharedLimitStore)? = nil,
    _ body: (TestGateway) async throws -> R
  ) async throws -> R {
    let gateway = try await start(
      yaml, plugins: plugins, catalogs: catalogs, loops: loops, clock: clock, sharedLimits: sharedLimits)
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
