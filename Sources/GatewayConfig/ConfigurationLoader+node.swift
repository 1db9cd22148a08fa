package import GatewayKit

extension ConfigurationLoader {
  /// Reads a piece of YAML as settings are written, for tests of plugins; an empty text is an empty mapping.
  package static func node(text: String, file: String) throws(ConfigurationError) -> ConfigNode {
    let issues = IssueCollector()
    let position = SourcePosition(file: file, line: 1, column: 1)
    if text.allSatisfy(\.isWhitespace) { return ConfigNode(.null, position: position) }
    var document = YAMLDocument(file: file, baseDirectory: ".", environment: [:], issues: issues)
    guard let node = document.read(text), issues.isEmpty else { throw ConfigurationError(issues: issues.sorted) }
    return node
  }
}
