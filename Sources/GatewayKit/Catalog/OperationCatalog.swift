import Synchronization

/// The operations of an API with the scopes that allow them, read from a JSON file such as `config/catalogs/losant.json`
/// or from an OpenAPI document.
public final class OperationCatalog: Sendable {
  /// The version of the format that this code reads.
  package static let version = 1
  /// The largest file that is read.
  package static let largestFile = 16 << 20

  /// The catalogue's name.
  public let name: String
  /// In the order of the file.
  public let operations: [Operation]
  /// What the names of groups widen a token to.
  public let groups: [String: [String]]
  /// Groups that are on their way out. One without a list in ``groups`` widens to nothing.
  public let deprecatedGroups: Set<String>

  private struct UniverseKey: Hashable {
    let extra: [String]
    let honoursDeprecated: Bool
  }
  /// Few: one for each list of further names that some settings have.
  private let universes = Mutex<[UniverseKey: ScopeUniverse]>([:])

  /// A catalogue of operations that were checked.
  package init(
    name: String, operations: [Operation], groups: [String: [String]] = [:], deprecatedGroups: Set<String> = []
  ) {
    self.name = name
    self.operations = operations
    self.groups = groups
    self.deprecatedGroups = deprecatedGroups
  }

  /// The scope names of the catalogue and these further ones. Whoever asks for the same names gets the same object, so
  /// that what an identity computed for one route holds for all.
  public func universe(adding extra: [String] = [], honoursDeprecated: Bool = true) -> ScopeUniverse {
    universes.withLock { universes in
      let own = UniverseKey(extra: [], honoursDeprecated: honoursDeprecated)
      let base = universes[own] ?? makeUniverse(adding: [], honoursDeprecated)
      universes[own] = base
      let missing = Set(extra).filter { !base.knows($0) }.sorted()
      if missing.isEmpty { return base }
      let key = UniverseKey(extra: missing, honoursDeprecated: honoursDeprecated)
      let made = universes[key] ?? makeUniverse(adding: missing, honoursDeprecated)
      universes[key] = made
      return made
    }
  }

  private func makeUniverse(adding extra: [String], _ honoursDeprecated: Bool) -> ScopeUniverse {
    ScopeUniverse(
      operations.flatMap { $0.scopes + $0.alternatives.joined() } + extra, groups: groups,
      deprecated: deprecatedGroups, honoursDeprecated: honoursDeprecated)
  }

  /// Reads a catalogue.
  ///
  /// - Parameters:
  ///   - json: The file's bytes, at most 16 MiB.
  ///   - file: The file's name for messages.
  /// - Throws: Every mistake: unknown members, wrong values, bad path templates, one id or one method and path twice.
  public convenience init(json: [UInt8], file: String) throws(ConfigurationError) {
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
    self.init(
      name: raw.name ?? "", operations: operations, groups: raw.groups,
      deprecatedGroups: Set(raw.deprecatedGroups))
  }

  /// Reads a catalogue from a file.
  ///
  /// - Throws: Every mistake, or that the file cannot be read.
  public convenience init(path: String) throws(ConfigurationError) {
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
