import GatewayKit

/// Reads who may call what out of an OpenAPI document (3.0 and 3.1, and Swagger 2.0), and gathers what is wrong with it.
struct OpenAPIReader {
  /// How a document's security schemes and base paths are written.
  enum Dialect {
    case openAPI3
    case swagger2
  }

  let root: OpenAPINode
  let dialect: Dialect
  let issues: IssueCollector
  /// Which schemes there are, and whether the gateway verifies what they ask for.
  var schemes: [String: SecurityScheme] = [:]
  var operations: [OperationCatalog.Operation] = []
  private var ids: [String: SourcePosition] = [:]
  private var shapes: [String: SourcePosition] = [:]

  /// The catalogue that the document makes; nil after reporting why it makes none.
  static func read(_ node: ConfigNode, issues: IssueCollector) -> OperationCatalog? {
    let root = OpenAPINode(node: node, path: "")
    guard let dialect = dialect(root, issues) else { return nil }
    var reader = OpenAPIReader(root: root, dialect: dialect, issues: issues)
    reader.readSchemes()
    reader.readPaths()
    if reader.operations.isEmpty, issues.isEmpty {
      reader.report(root["paths"] ?? root, "the document has no operation", hint: "list them under `paths`")
    }
    return OperationCatalog(name: root["info"]?["title"]?.text ?? "", operations: reader.operations)
  }

  private init(root: OpenAPINode, dialect: Dialect, issues: IssueCollector) {
    self.root = root
    self.dialect = dialect
    self.issues = issues
  }

  private static func dialect(_ root: OpenAPINode, _ issues: IssueCollector) -> Dialect? {
    func report(_ node: OpenAPINode, _ message: String, hint: String) {
      issues.append(ConfigurationIssue(position: node.position, path: node.path, message: message, hint: hint))
    }
    if let version = root["openapi"] {
      let text = version.text ?? ""
      if text.hasPrefix("3.0.") || text.hasPrefix("3.1.") { return .openAPI3 }
      report(version, "is not a version this gateway reads", hint: "write 3.0.x or 3.1.x, as in \"3.1.0\"")
      return nil
    }
    if let version = root["swagger"] {
      if version.text == "2.0" { return .swagger2 }
      report(
        version, "is not a version this gateway reads", hint: "write \"2.0\", or an OpenAPI document of 3.0 or 3.1")
      return nil
    }
    report(
      root, "is neither a catalogue of operations nor an OpenAPI document",
      hint: "a catalogue is JSON with `version` and `operations`, an OpenAPI document has `openapi: 3.1.0`")
    return nil
  }

  func report(_ node: OpenAPINode, _ message: String, hint: String) {
    report(at: node.position, node.path, message, hint: hint)
  }

  func report(at position: SourcePosition, _ path: String, _ message: String, hint: String) {
    issues.append(ConfigurationIssue(position: position, path: path, message: message, hint: hint))
  }

  /// Takes an operation whose id and whose method and paths are its own; reports one whose are not.
  mutating func add(_ operation: OperationCatalog.Operation, at node: OpenAPINode) {
    if let other = ids.updateValue(node.position, forKey: operation.id) {
      report(
        node, "the id \(SettingsReader.quote(operation.id)) is that of the operation at line \(other.line) too",
        hint: "give each operation an operationId of its own")
    }
    for base in operation.basePaths {
      // A method has no blank in it, so the key is unambiguous.
      guard let shape = try? PathPattern(base + operation.pathTemplate).shape else { continue }
      if let other = shapes.updateValue(node.position, forKey: "\(operation.method) \(shape)") {
        report(
          node, "the operation at line \(other.line) has the same method and path", hint: "keep one of them")
        break
      }
    }
    operations.append(operation)
  }
}
