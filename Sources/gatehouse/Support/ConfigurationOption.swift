import ArgumentParser
import Foundation
import GatewayConfig
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import SharedStores

/// The configuration file, as `run` and `check` take it.
struct ConfigurationOption: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The configuration file (YAML).",
      discussion: "config/gatehouse.yaml in the sources is an annotated example to start from."))
  var file: String?

  @Option(name: .customLong("config"), help: ArgumentHelp("The same as the argument.", visibility: .hidden))
  var fileOption: String?

  /// Asked before the command runs, so that the usage shown is the command's own.
  func validate() throws {
    if file != nil, fileOption != nil { throw ValidationError("Name one configuration file, not two.") }
    _ = try path()
  }

  func path() throws -> String {
    guard let path = file ?? fileOption else {
      throw ValidationError("Name the configuration file, such as gatehouse.yaml.")
    }
    return path
  }
}

/// Loads and compiles a configuration: the one way that `run` and `check` both take.
enum ConfigurationSupport {
  static func load(_ path: String) throws(ConfigurationError) -> GatewayConfiguration {
    try ConfigurationLoader.load(path: path, environment: ProcessInfo.processInfo.environment)
  }

  static func compile(
    _ configuration: GatewayConfiguration, group: any EventLoopGroup, logger: Logger
  ) throws(ConfigurationError) -> Generation {
    let environment = PluginEnvironment(
      clock: SystemClock(), logger: logger, eventLoopGroup: group, catalogs: try catalogs(of: configuration),
      hashSeed: .random(in: .min ... .max), counters: CounterRegistry(),
      sharedLimits: try sharedLimits(of: configuration, group: group, logger: logger))
    return try GenerationCompiler.compile(configuration, registry: knownPlugins, environment: environment)
  }

  /// The store of shared limits. It connects when it is first asked, so that a check of the configuration does not.
  private static func sharedLimits(
    of configuration: GatewayConfiguration, group: any EventLoopGroup, logger: Logger
  ) throws(ConfigurationError) -> (any SharedLimitStore)? {
    guard let redis = configuration.stores.redis else { return nil }
    return RedisLimitStore(try RedisSettings(redis), group: group, logger: logger)
  }

  private static func catalogs(
    of configuration: GatewayConfiguration
  ) throws(ConfigurationError) -> [String: OperationCatalog] {
    var catalogs: [String: OperationCatalog] = [:]
    var issues: [ConfigurationIssue] = []
    var files = configuration.catalogs
    for name in ShippedCatalogs.names where files[name] == nil { files[name] = ShippedCatalogs.path(of: name) }
    for (name, path) in files.sorted(by: { $0.key < $1.key }) {
      do {
        catalogs[name] = try OperationCatalog(path: path)
      } catch {
        issues += error.issues
      }
    }
    if !issues.isEmpty { throw ConfigurationError(issues: issues) }
    return catalogs
  }

  /// Every issue on a line of its own, on standard error.
  static func report(_ error: ConfigurationError) {
    for issue in error.issues { StandardError.write("\(issue)") }
    let count = error.issues.count
    StandardError.write("\(count) \(count == 1 ? "mistake" : "mistakes") in the configuration")
  }
}
