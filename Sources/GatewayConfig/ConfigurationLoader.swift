package import GatewayKit

/// Reads a configuration from its files and checks everything that can be checked without the plugins.
package enum ConfigurationLoader {
  /// The largest file that is read.
  static let largestFile = 16 << 20

  /// Reads the file at `path` and what it names.
  ///
  /// - Parameter environment: What `${NAME}` and secrets of the form `{ env: NAME }` refer to.
  /// - Throws: All mistakes of all files at once, sorted by file and line.
  package static func load(
    path: String, environment: [String: String]
  ) throws(ConfigurationError) -> GatewayConfiguration {
    let issues = IssueCollector()
    let root = readFile(path, environment: environment, issues: issues)
    return try finish(root, file: path, environment: environment, issues: issues)
  }

  /// Reads a text as if it were the file named `file` in the folder `baseDirectory`.
  package static func parse(
    text: String, file: String, environment: [String: String], baseDirectory: String
  ) throws(ConfigurationError) -> GatewayConfiguration {
    let issues = IssueCollector()
    var document = YAMLDocument(file: file, baseDirectory: baseDirectory, environment: environment, issues: issues)
    let root = document.read(text)
    return try finish(root, file: file, environment: environment, issues: issues)
  }

  private static func finish(
    _ root: ConfigNode?, file: String, environment: [String: String], issues: IssueCollector
  ) throws(ConfigurationError) -> GatewayConfiguration {
    if let root {
      var builder = ConfigurationBuilder(issues: issues, environment: environment, mainFile: file)
      let configuration = builder.build(root)
      if issues.isEmpty { return configuration }
    }
    throw ConfigurationError(issues: issues.sorted)
  }

  /// The root of one file; nil after reporting why there is none.
  static func readFile(_ path: String, environment: [String: String], issues: IssueCollector) -> ConfigNode? {
    let start = SourcePosition(file: path, line: 1, column: 1)
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limit: largestFile)
    } catch {
      issues.append(
        ConfigurationIssue(
          position: start, path: "", message: "the file \(error.reason)", hint: "name a readable YAML file"))
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      issues.append(
        ConfigurationIssue(
          position: SourcePosition(file: path, line: firstBadLine(bytes), column: 1), path: "",
          message: "the file is not UTF-8 from this line on", hint: "save it as UTF-8"))
      return nil
    }
    var document = YAMLDocument(file: path, baseDirectory: nil, environment: environment, issues: issues)
    return document.read(text)
  }

  /// The first line that is no UTF-8.
  private static func firstBadLine(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
  }
}
