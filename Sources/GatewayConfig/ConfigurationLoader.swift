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
    let (configuration, issues) = inspect(path: path, environment: environment)
    guard let configuration, issues.isEmpty else { throw ConfigurationError(issues: issues) }
    return configuration
  }

  /// Reads as ``load(path:environment:)`` does, and gives what could be read in spite of mistakes too, so that the
  /// plugins it names can be checked in the same run.
  ///
  /// - Returns: The configuration, nil when the file has no readable form; all mistakes, sorted by file and line.
  package static func inspect(
    path: String, environment: [String: String]
  ) -> (configuration: GatewayConfiguration?, issues: [ConfigurationIssue]) {
    let issues = IssueCollector()
    let root = readFile(path, environment: environment, issues: issues)
    let configuration = root.map { root in
      var builder = ConfigurationBuilder(issues: issues, environment: environment, mainFile: path)
      return builder.build(root)
    }
    return (configuration, issues.sorted)
  }

  /// Reads a text as if it were the file named `file` in the folder `baseDirectory`.
  package static func parse(
    text: String, file: String, environment: [String: String], baseDirectory: String
  ) throws(ConfigurationError) -> GatewayConfiguration {
    let issues = IssueCollector()
    var document = YAMLDocument(file: file, baseDirectory: baseDirectory, environment: environment, issues: issues)
    if let root = document.read(text) {
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
    return readText(bytes, file: path, issues: issues) {
      YAMLDocument(file: path, baseDirectory: nil, environment: environment, issues: issues)
    }
  }

  /// The root of a document of these bytes; nil after reporting why there is none.
  static func readText(
    _ bytes: [UInt8], file path: String, issues: IssueCollector, document: () -> YAMLDocument
  ) -> ConfigNode? {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      issues.append(
        ConfigurationIssue(
          position: SourcePosition(file: path, line: firstBadLine(bytes), column: 1), path: "",
          message: "the file is not UTF-8 from this line on", hint: "save it as UTF-8"))
      return nil
    }
    var document = document()
    return document.read(text)
  }

  /// The first line that is no UTF-8.
  private static func firstBadLine(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
  }
}
