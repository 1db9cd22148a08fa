/// The operations of an API with the scopes that allow them, read from a JSON file such as `config/catalogs/losant.json`.
public struct OperationCatalog: Sendable, Hashable {
  /// A method and path template with its rule.
  public struct Operation: Sendable, Hashable {
    /// The operation's name, such as `userApiTokens.get`; unique in a catalogue.
    public let id: String
    /// The method, in upper case.
    public let method: String
    /// The path, such as `/me/tokens/{apiTokenId}`; together with the method it is unique, whatever the parameters'
    /// names.
    public let pathTemplate: String
    /// The scopes that allow the operation; one of them is enough. Groups such as `all.User` stand here literally.
    public let scopes: [String]
    /// Whether a token is needed at all.
    public let requiresToken: Bool
    /// Whether OAuth tokens are refused whatever their scopes.
    public let deniesOAuth: Bool

    /// An operation.
    public init(
      id: String, method: String, pathTemplate: String, scopes: [String], requiresToken: Bool, deniesOAuth: Bool
    ) {
      self.id = id
      self.method = method
      self.pathTemplate = pathTemplate
      self.scopes = scopes
      self.requiresToken = requiresToken
      self.deniesOAuth = deniesOAuth
    }
  }

  /// The version of the format that this code reads.
  package static let version = 1
  /// The largest file that is read.
  package static let largestFile = 16 << 20

  /// The catalogue's name.
  public let name: String
  /// In the order of the file.
  public let operations: [Operation]

  /// Reads a catalogue.
  ///
  /// - Parameters:
  ///   - json: The file's bytes, at most 16 MiB.
  ///   - file: The file's name for messages.
  /// - Throws: Every mistake: unknown members, wrong values, bad path templates, one id or one method and path twice.
  public init(json: [UInt8], file: String) throws(ConfigurationError) {
    let issues = IssueCollector()
    let position = SourcePosition(file: file, line: 1, column: 1)
    guard json.count <= Self.largestFile, let raw = RawCatalog.decode(json, issues: issues, position: position) else {
      if issues.isEmpty {
        issues.append(
          ConfigurationIssue(position: position, path: "", message: "the catalogue is larger than 16MB"))
      }
      throw ConfigurationError(issues: issues.issues)
    }
    var check = CatalogCheck(issues: issues, position: position)
    check.head(raw)
    let operations = raw.operations.enumerated().compactMap { check.operation($0.element, at: $0.offset) }
    guard issues.isEmpty else { throw ConfigurationError(issues: issues.issues) }
    name = raw.name ?? ""
    self.operations = operations
  }

  /// Reads a catalogue from a file.
  ///
  /// - Throws: Every mistake, or that the file cannot be read.
  public init(path: String) throws(ConfigurationError) {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limit: Self.largestFile)
    } catch {
      let position = SourcePosition(file: path, line: 1, column: 1)
      throw ConfigurationError(issues: [
        ConfigurationIssue(
          position: position, path: "", message: "the file \(error.reason)", hint: "name a catalogue of operations")
      ])
    }
    try self.init(json: bytes, file: path)
  }
}
