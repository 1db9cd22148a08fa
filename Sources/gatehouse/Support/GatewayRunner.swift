import Admin
import Foundation
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import UnixSignals

/// Runs a gateway, and its operators' interface where one is configured, until a signal ends it.
struct GatewayRunner {
  private let configuration: GatewayConfiguration
  private let group: any EventLoopGroup
  private let logger: Logger

  init(_ configuration: GatewayConfiguration, group: any EventLoopGroup) {
    self.configuration = configuration
    self.group = group
    var logger = Logger(label: "gatehouse", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
    self.logger = logger
  }

  func run() async throws {
    // Caught from before the first connection, so that no signal falls between.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigquit)
    let generation = try ConfigurationSupport.compile(configuration, group: group, logger: logger)
    let gateway = try await Gateway.start(generation, group: group, clock: SystemClock(), logger: logger)
    for address in gateway.addresses {
      logger.info("listening", metadata: ["address": "\(address.ipAddress ?? "?"):\(address.port ?? 0)"])
    }
    let readiness = Readiness()
    readiness.isReady = true
    try await withThrowingTaskGroup { tasks in
      if let admin = configuration.admin { tasks.addTask { try await serve(admin, gateway, readiness) } }
      tasks.addTask { await drain(gateway, readiness, at: signals) }
      // Whichever ends first ends both: the drain because it is over, the interface because it could not be bound.
      try await tasks.next()
      tasks.cancelAll()
    }
    logger.info("stopped")
  }

  private func serve(_ admin: AdminConfiguration, _ gateway: Gateway, _ readiness: Readiness) async throws {
    let server = AdminServer(admin, gateway: gateway, readiness: readiness, logger: logger)
    do {
      try await server.run { [logger] port in
        logger.info("admin listening", metadata: ["address": "\(admin.bind.host):\(port)"])
      }
    } catch is CancellationError {
      return
    } catch {
      throw BindError(address: admin.bind.description, cause: "\(error)")
    }
  }

  private func drain(_ gateway: Gateway, _ readiness: Readiness, at signals: UnixSignalsSequence) async {
    for await _ in signals { break }
    readiness.isReady = false
    let impatience = Task { for await _ in signals { exit(1) } }
    defer { impatience.cancel() }
    try? await Task.sleep(for: configuration.shutdown.delay)
    await gateway.drain(limit: configuration.shutdown.limit)
  }
}
