import Admin
import Foundation
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import NIOPosix
import SharedStores
import UnixSignals

/// Runs a gateway, and its operators' interface where one is configured.
struct GatewayRunner {
  private let configuration: GatewayConfiguration
  private let loops: Int
  private let logger: Logger
  /// What outlives every configuration of the process.
  private let services = ProcessServices()

  /// - Parameters:
  ///   - loops: how many event loops.
  ///   - quiet: log warnings and errors only, whatever the configuration says.
  init(_ configuration: GatewayConfiguration, loops: Int = System.coreCount, quiet: Bool = false) {
    self.configuration = configuration
    self.loops = loops
    var logger = Logger(label: "gatehouse", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = quiet ? .warning : Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
    self.logger = logger
  }

  /// Runs until a signal ends it.
  ///
  /// - Parameter ready: told the first listener's port when the gateway is ready.
  func run(ready: (Int) -> Void = { _ in }) async throws {
    // Caught from before the first connection, so that no signal falls between.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigquit)
    logger.info("starting", metadata: ["version": "\(Version.current)", "event_loops": "\(loops)"])
    raiseDescriptorLimit()
    let gateway = try await start()
    let relay = try startRelay(gateway)
    let readiness = Readiness()
    readiness.isReady = true
    ready(gateway.addresses.first?.port ?? 0)
    let admin = configuration.admin.map { server($0, gateway, readiness) }
    try await withThrowingTaskGroup { tasks in
      if let admin { tasks.addTask { try await serve(admin) } }
      tasks.addTask {
        await drain(gateway, readiness, at: signals)
        await admin?.stop()
      }
      // An interface that cannot be bound ends everything.
      do {
        for try await _ in tasks {}
      } catch {
        tasks.cancelAll()
        throw error
      }
    }
    await relay?.stop()
    logger.info("stopped")
  }

  /// The usual limit, 1024, is low for the sake of programs that use select(2).
  private func raiseDescriptorLimit() {
    let needed = DescriptorLimit.needed(configuration.limits)
    guard let limit = DescriptorLimit.raise(), limit < needed else { return }
    logger.warning(
      "the limit of open files is too low for limits.connections",
      metadata: [
        "limit": "\(limit)", "needed": "\(needed)", "connections": "\(configuration.limits.connections)",
        "hint": "raise the limit (ulimit -n, LimitNOFILE) or lower limits.connections",
      ])
  }

  /// Runs while a body does.
  func withRunning<R: Sendable>(_ body: (Gateway) async throws -> R) async throws -> R {
    let gateway = try await start()
    do {
      let result = try await body(gateway)
      await gateway.drain(limit: configuration.shutdown.limit)
      return result
    } catch {
      await gateway.drain(limit: .zero)
      throw error
    }
  }

  private func start() async throws -> Gateway {
    let revocations = try TokenRevocations.open(configuration.revocations, clock: SystemClock(), logger: logger)
    let generation = try ConfigurationSupport.compile(
      configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger, revocations: revocations,
      services: services)
    let gateway = try await Gateway.start(generation, loops: loops, clock: SystemClock(), logger: logger)
    for address in gateway.addresses {
      let bound = BindAddress(host: address.ipAddress ?? "?", port: address.port ?? 0)
      logger.info("listening", metadata: ["address": "\(bound)"])
    }
    return gateway
  }

  /// Has other gateways told of what concerns their caches, where that is configured.
  private func startRelay(_ gateway: Gateway) throws -> CacheRelay? {
    let spread = configuration.stores.spread
    guard let redis = configuration.stores.redis, spread != .off else { return nil }
    let relay = try CacheRelay(
      try RedisSettings(redis), caches: gateway.caches,
      places: configuration.stores.secondTier.map { SharedPlaces($0.secret) }, counters: gateway.pluginCounters,
      logger: logger)
    gateway.caches.spread(through: relay, includingWrites: spread == .writes)
    return relay
  }

  private func server(_ admin: AdminConfiguration, _ gateway: Gateway, _ readiness: Readiness) -> AdminServer {
    AdminServer(
      admin, gateway: gateway, revocations: gateway.revocations, readiness: readiness, logger: logger
    ) { [logger] port in
      logger.info("admin listening", metadata: ["address": "\(BindAddress(host: admin.bind.host, port: port))"])
    }
  }

  private func serve(_ admin: AdminServer) async throws {
    do {
      try await admin.run()
    } catch {
      throw BindError(address: configuration.admin?.bind.description ?? "", cause: "\(error)")
    }
  }

  /// Waits for the first signal, then drains; a second one ends the process at once.
  private func drain(_ gateway: Gateway, _ readiness: Readiness, at signals: UnixSignalsSequence) async {
    let (first, reached) = AsyncStream<Void>.makeStream()
    await withTaskGroup { tasks in
      // The sequence can be read only once, so one task reads it all.
      tasks.addTask {
        var count = 0
        for await _ in signals {
          count += 1
          if count > 1 { exit(1) }
          reached.finish()
        }
      }
      for await _ in first {}
      readiness.isReady = false
      try? await Task.sleep(for: configuration.shutdown.delay)
      await gateway.drain(limit: configuration.shutdown.limit)
      tasks.cancelAll()
    }
  }
}
