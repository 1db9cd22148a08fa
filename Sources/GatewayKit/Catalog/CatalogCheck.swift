/// Checks what a catalogue says and gathers the mistakes.
struct CatalogCheck {
  let issues: IssueCollector
  let position: SourcePosition
  private var ids: [String: Int] = [:]
  private var shapes: [String: Int] = [:]

  init(issues: IssueCollector, position: SourcePosition) {
    self.issues = issues
    self.position = position
  }

  func head(_ raw: RawCatalog) {
    for problem in raw.problems { report(problem.member, problem.message) }
    if let version = raw.version, version != OperationCatalog.version {
      report("version", "is not a version this gateway reads", hint: "write \(OperationCatalog.version)")
    }
    if raw.operations.isEmpty, raw.problems.isEmpty {
      report("operations", "the catalogue has no operation", hint: "generate it again")
    }
    for (name, members) in raw.groups.sorted(by: { $0.key < $1.key }) { group(name, members) }
    list(raw.deprecatedGroups, path: "deprecatedGroups")
  }

  private func group(_ name: String, _ members: [String]) {
    let path = "groups.\(SettingsReader.shortened(name))"
    if name.isEmpty { report(path, "a group without a name", hint: "take it out") }
    if members.isEmpty { report(path, "a group without scopes", hint: "list what it widens to, or take it out") }
    list(members, path: path)
  }

  /// nil after reporting.
  mutating func operation(_ raw: RawCatalog.Operation, at index: Int) -> OperationCatalog.Operation? {
    let path = "operations[\(index)]"
    for problem in raw.problems { report("\(path).\(problem.member)", problem.message) }
    guard let id = raw.id, let method = raw.method, let template = raw.path, let scopes = raw.scopes,
      let auth = raw.auth
    else { return nil }
    unique(id, at: index, path: path)
    checkMethod(method, path: path)
    checkTemplate(template, method: method, at: index, path: path)
    checkScopes(scopes, raw.alternatives, auth: auth, path: path)
    tags(raw.tags, path: "\(path).tags")
    tags(raw.purges, path: "\(path).purges")
    return OperationCatalog.Operation(
      id: id, method: method, pathTemplate: template, scopes: scopes, alternatives: raw.alternatives,
      requiresToken: auth != "none", deniesOAuth: raw.denyOauth ?? false, tags: raw.tags,
      purges: raw.purges)
  }

  private mutating func unique(_ id: String, at index: Int, path: String) {
    if id.isEmpty { report("\(path).id", "is empty", hint: "give the operation a name") }
    if let other = ids.updateValue(index, forKey: id) {
      report("\(path).id", "is the id of operations[\(other)] too", hint: "give each operation its own")
    }
  }

  private func checkMethod(_ method: String, path: String) {
    let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
    if method.isEmpty || !method.utf8.allSatisfy(letters.contains) {
      report("\(path).method", "is no method", hint: "write upper-case letters, such as GET")
    }
  }

  private mutating func checkTemplate(_ template: String, method: String, at index: Int, path: String) {
    do {
      // A method has no blank in it, so the key is unambiguous.
      let shape = try PathPattern(template).shape
      if let other = shapes.updateValue(index, forKey: "\(method) \(shape)") {
        report("\(path).path", "operations[\(other)] has the same method and path", hint: "keep one of them")
      }
    } catch {
      report("\(path).path", error.message, hint: error.hint)
    }
  }

  private func checkScopes(_ scopes: [String], _ alternatives: [[String]], auth: String, path: String) {
    switch auth {
    case "token":
      if scopes.isEmpty && alternatives.isEmpty {
        report("\(path).scopes", "nobody could be allowed", hint: "list the scopes, any one of which is enough")
      }
    case "none":
      break
    default:
      report("\(path).auth", "is neither none nor token", hint: "write none or token")
    }
    list(scopes, path: "\(path).scopes")
    for (index, names) in alternatives.enumerated() { list(names, path: "\(path).alternatives[\(index)]") }
  }

  private func list(_ scopes: [String], path: String) {
    if scopes.contains("") { report(path, "an empty scope", hint: "take it out") }
    if Set(scopes).count != scopes.count { report(path, "a scope stands twice", hint: "name it once") }
  }

  private func tags(_ tags: [String], path: String) {
    guard let problem = CacheTagName.problem(tags) else { return }
    report(path, problem, hint: CacheTagName.hint)
  }

  private func report(_ path: String, _ message: String, hint: String? = nil) {
    issues.append(ConfigurationIssue(position: position, path: path, message: message, hint: hint))
  }
}
