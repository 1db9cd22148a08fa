import Foundation
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import UnixSignals

/// Runs a gateway until a signal ends it.
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
    for address in gateway.addresses { logger.info("listening", metadata: ["address": "\(address)"]) }
    await serve(gateway, until: signals)
    logger.info("stopped")
  }

  private func serve(_ gateway: Gateway, until signals: UnixSignalsSequence) async {
    var iterator = signals.makeAsyncIterator()
    _ = await iterator.next()
    let impatient = Task {
      var rest = iterator
      if await rest.next() != nil { exit(1) }
    }
    try? await Task.sleep(for: configuration.shutdown.delay)
    await gateway.drain(limit: configuration.shutdown.limit)
    impatient.cancel()
  }
}
