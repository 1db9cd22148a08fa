import GatewayConfig
import GatewayKit

/// Settings of a plugin from a piece of YAML.
enum SettingsSource {
  static let position = SourcePosition(file: "test.yaml", line: 1, column: 1)

  static func decode<S: PluginSettings>(_ type: S.Type, yaml: String) throws(ConfigurationError) -> S {
    let issues = IssueCollector()
    let node = try ConfigurationLoader.node(text: yaml, file: position.file)
    let reader = SettingsReader(node, path: "settings", issues: issues)
    let settings = S(reading: reader)
    reader.finish()
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    return settings
  }
}
