import ArgumentParser
import Foundation
import GatewayConfig
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import NIOPosix
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
  /// - Throws: Every mistake of every file, those in the settings of plugins among them.
  static func load(_ path: String) throws(ConfigurationError) -> GatewayConfiguration {
    let environment = ProcessInfo.processInfo.environment
    let (configuration, issues) = ConfigurationLoader.inspect(path: path, environment: environment)
    guard let configuration else { throw ConfigurationError(issues: issues) }
    if issues.isEmpty { return configuration }
    let all = IssueCollector()
    // A catalogue that cannot be read was reported where it is named.
    let unreadable = Set(configuration.catalogs.values.filter { BoundedFile.problem($0) != nil })
    let others = pluginMistakes(in: configuration).filter { !unreadable.contains($0.position?.file ?? "") }
    for issue in issues + others { all.append(issue) }
    throw ConfigurationError(issues: all.sorted)
  }

  static func compile(
    _ configuration: GatewayConfiguration, group: any EventLoopGroup, logger: Logger,
    revocations: TokenRevocations? = nil, services: ProcessServices = ProcessServices()
  ) throws(ConfigurationError) -> Generation {
    let (catalogs, issues) = readCatalogs(of: configuration)
    if !issues.isEmpty { throw ConfigurationError(issues: issues) }
    let shared = try sharedLimits(of: configuration, logger: logger)
    let answers = try sharedAnswers(of: configuration, logger: logger)
    return try GenerationCompiler.compile(
      configuration, registry: knownPlugins,
      environment: environment(
        of: configuration, catalogs: catalogs, sharedLimits: shared, sharedAnswers: answers, group: group,
        logger: logger,
        revocations: revocations, services: services))
  }

  private static func pluginMistakes(in configuration: GatewayConfiguration) -> [ConfigurationIssue] {
    let group = MultiThreadedEventLoopGroup.singleton
    let silent = Logger(label: "gatehouse") { _ in SwiftLogNoOpLogHandler() }
    let (catalogs, issues) = readCatalogs(of: configuration)
    let shared = try? sharedLimits(of: configuration, logger: silent)
    return issues
      + GenerationCompiler.pluginMistakes(
        in: configuration, registry: knownPlugins,
        environment: environment(
          of: configuration, catalogs: catalogs, sharedLimits: shared, group: group, logger: silent))
  }

  private static func environment(
    of configuration: GatewayConfiguration, catalogs: [String: OperationCatalog], sharedLimits: (any LimitStore)?,
    sharedAnswers: (any SharedAnswers)? = nil, group: any EventLoopGroup, logger: Logger,
    revocations: TokenRevocations? = nil,
    services: ProcessServices = ProcessServices()
  ) -> PluginEnvironment {
    let counters = CounterRegistry()
    let memory = MemoryLimitStore(
      entries: configuration.stores.memory.entries, bytes: configuration.stores.memory.size)
    counters.gauge(
      "gatehouse_rate_limit_callers", help: "Callers whose allowances are kept in memory."
    ) { [weak memory] in memory.map { Int64($0.count) } }
    counters.gauge(
      "gatehouse_rate_limit_memory_bytes", help: "Memory that the callers in it take."
    ) { [weak memory] in memory.map { Int64($0.bytes) } }
    return PluginEnvironment(
      clock: SystemClock(), logger: logger, eventLoopGroup: group, catalogs: catalogs,
      hashSeed: .random(in: .min ... .max), counters: counters, memoryLimits: memory, sharedLimits: sharedLimits,
      revocations: revocations, cacheBounds: configuration.stores.cache, sharedAnswers: sharedAnswers,
      services: services)
  }

  /// The store of shared limits. It connects when it is first asked, so that a check of the configuration does not.
  private static func sharedLimits(
    of configuration: GatewayConfiguration, logger: Logger
  ) throws(ConfigurationError) -> (any LimitStore)? {
    guard let redis = configuration.stores.redis else { return nil }
    return RedisLimitStore(try RedisSettings(redis), logger: logger)
  }

  /// The store of shared answers, which connects when it is first asked, too.
  private static func sharedAnswers(
    of configuration: GatewayConfiguration, logger: Logger
  ) throws(ConfigurationError) -> (any SharedAnswers)? {
    guard let redis = configuration.stores.redis, let tier = configuration.stores.secondTier else { return nil }
    return RedisAnswerStore(try RedisSettings(redis), tier, logger: logger)
  }

  /// The catalogues that can be read, and what is wrong with the others.
  private static func readCatalogs(
    of configuration: GatewayConfiguration
  ) -> (catalogs: [String: OperationCatalog], issues: [ConfigurationIssue]) {
    var catalogs: [String: OperationCatalog] = [:]
    var issues: [ConfigurationIssue] = []
    var files = configuration.catalogs
    for name in ShippedCatalogs.names where files[name] == nil { files[name] = ShippedCatalogs.path(of: name) }
    for (name, path) in files.sorted(by: { $0.key < $1.key }) {
      do {
        catalogs[name] = try CatalogFile.load(path)
      } catch {
        issues += error.issues
      }
    }
    return (catalogs, issues)
  }

  /// Every issue on a line of its own, on standard error.
  static func report(_ error: ConfigurationError) {
    for issue in error.issues { StandardError.write("\(issue)") }
    let count = error.issues.count
    StandardError.write("\(count) \(count == 1 ? "mistake" : "mistakes") in the configuration")
  }
}
