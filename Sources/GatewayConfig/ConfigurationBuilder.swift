import GatewayKit

/// Builds the model from the root of the main file, section by section. Every section reports its own mistakes; what
/// concerns two sections is checked when both are there.
struct ConfigurationBuilder {
  let issues: IssueCollector
  let environment: [String: String]
  let mainFile: String
  /// Every name of a domain with the place where it stands.
  var domainNames: [String: SourcePosition] = [:]
  /// Names of the upstreams, for references.
  var upstreamNames: Set<String> = []
  /// Ids of the plugins that the defaults and the floor use.
  var defaultPlugins: Set<String> = []
  var floorPlugins: Set<String> = []
  var sources: [String]

  init(issues: IssueCollector, environment: [String: String], mainFile: String) {
    self.issues = issues
    self.environment = environment
    self.mainFile = mainFile
    sources = [mainFile]
  }

  mutating func build(_ root: ConfigNode) -> GatewayConfiguration {
    let reader = SettingsReader(root, path: "", issues: issues, environment: environment)
    checkVersion(reader)
    var configuration = GatewayConfiguration(listeners: readListeners(reader), upstreams: [], domains: [])
    configuration.admin = readAdmin(reader, listeners: configuration.listeners)
    configuration.domainSources = readDomainSources(reader) ?? configuration.domainSources
    checkServerName(reader, listeners: configuration.listeners)
    configuration.trustedProxies = readTrustedProxies(reader)
    configuration.limits = readLimits(reader)
    configuration.mergesSlashes = readPaths(reader, default: configuration.mergesSlashes)
    configuration.timeouts = readTimeouts(reader)
    configuration.shutdown = readShutdown(reader)
    configuration.log = readLog(reader)
    configuration.stores = readStores(reader)
    configuration.revocations = readRevocations(reader)
    configuration.catalogs = readCatalogs(reader)
    configuration.upstreams = readUpstreams(reader, timeouts: configuration.timeouts)
    upstreamNames = Set(configuration.upstreams.map(\.name))
    configuration.floor = readPolicy("floor", .floor, reader)
    configuration.defaults = readPolicy("defaults", .defaults, reader)
    floorPlugins = Set(configuration.floor.map(\.plugin))
    defaultPlugins = Set(configuration.defaults.map(\.plugin))
    let before = issues.issues.count
    configuration.domains = readDomains(reader)
    if issues.issues.count == before { checkWeights(configuration) }
    configuration.sources = sources
    reader.finish()
    return configuration
  }

  private func checkVersion(_ reader: SettingsReader) {
    let known = GatewayConfiguration.version
    guard let node = reader.node("version") else {
      return reader.fail("version", "is missing", hint: "begin the file with `version: \(known)`")
    }
    guard case .scalar(let text, _) = node.value, text == "\(known)" else {
      return reader.fail("version", "is not a version this gateway reads", hint: "write `version: \(known)`")
    }
  }

  /// The `use:` list of the section named `key`.
  private func readPolicy(_ key: String, _ scope: PluginScope, _ reader: SettingsReader) -> [UseEntry] {
    guard let section = reader.mapping(key) else {
      if reader.has(key) { reportNothing(reader, key) }
      return []
    }
    if !section.has("use") { section.fail("use", "is missing", hint: "list the plugins, or leave `\(key)` out") }
    let entries = readUse(section)
    for entry in entries where entry.isOff {
      report(
        entry.position, "\(section.path).use", "`\(entry.plugin): off` has nothing to switch off here",
        hint: "leave the plugin out")
    }
    section.finish()
    return entries.map { entry in
      var entry = entry
      entry.scope = scope
      return entry
    }
  }

  /// Reports a key that says nothing where saying nothing is likely a slip that drops what was meant to hold.
  func reportNothing(_ section: SettingsReader, _ key: String) {
    report(
      section.keyPosition(key), section.path(of: key), "has nothing behind it",
      hint: "indent what belongs to it below it, or leave `\(key)` out")
  }

  func report(_ position: SourcePosition, _ path: String, _ message: String, hint: String?) {
    issues.append(ConfigurationIssue(position: position, path: path, message: message, hint: hint))
  }
}
