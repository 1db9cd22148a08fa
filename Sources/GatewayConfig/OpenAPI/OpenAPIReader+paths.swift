import GatewayKit

extension OpenAPIReader {
  /// Longer chains of references lead nowhere or in a circle.
  private static let mostReferences = 16
  private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]
  private static let otherMembers = ["$ref", "summary", "description", "servers", "parameters"]

  mutating func readPaths() {
    guard let paths = root["paths"] else {
      return report(root, "there are no `paths`", hint: "list the operations of the API under `paths`")
    }
    guard let members = paths.members else {
      return report(paths, "expected a mapping of paths, found \(paths.node.kind)", hint: "write `/path:` lines")
    }
    let servers = rootBasePaths()
    let security = root["security"].map { requirement($0) }
    for member in members where !member.key.hasPrefix("x-") {
      guard let template = template(member.key, at: member.keyPosition, member.value.path),
        let item = pathItem(member.value)
      else { continue }
      let bases = basePaths(item) ?? servers
      for method in Self.methods {
        guard let node = item[method] else { continue }
        readOperation(node, method: method.uppercased(), template: template, bases: bases, security)
      }
    }
  }

  private mutating func readOperation(
    _ node: OpenAPINode, method: String, template: String, bases: [String], _ inherited: SecurityRequirement?
  ) {
    guard node.members != nil else {
      return report(node, "expected an operation, found \(node.node.kind)", hint: "write its `key: value` lines")
    }
    let security = node["security"].map { requirement($0) } ?? inherited
    let alternatives = security?.alternatives ?? []
    let operation = OperationCatalog.Operation(
      id: id(node) ?? "\(method) \(template)", method: method, pathTemplate: template,
      basePaths: basePaths(node) ?? bases, scopes: alternatives.filter { $0.count == 1 }.flatMap { $0 },
      alternatives: alternatives.filter { $0.count != 1 }, requiresToken: security?.isOpen != true,
      deniesOAuth: deniesOAuth(node), statesSecurity: security != nil, unverifiable: security?.unverifiable ?? [],
      tags: tags(node, "x-cache-tags"), purges: tags(node, "x-cache-purges"))
    add(operation, at: node)
  }

  private func id(_ node: OpenAPINode) -> String? {
    guard let id = node["operationId"] else { return nil }
    if let text = id.text, !text.isEmpty { return text }
    report(id, "is no name", hint: "write a text, or leave it out")
    return nil
  }

  private func deniesOAuth(_ node: OpenAPINode) -> Bool {
    guard let value = node["x-deny-oauth"] else { return false }
    if let text = value.text, ["true", "false"].contains(text) { return text == "true" }
    report(value, "is neither true nor false", hint: "write true to refuse OAuth tokens whatever their scopes")
    return true
  }

  /// The tags of a cache that a member lists.
  private func tags(_ node: OpenAPINode, _ member: String) -> [String] {
    guard let list = node[member] else { return [] }
    let texts = list.items?.map(\.text) ?? [nil]
    let tags = texts.compactMap(\.self)
    if tags.count < texts.count { report(list, "is no list of tags", hint: "write [name, ...]") }
    if let problem = CacheTagName.problem(tags) { report(list, problem, hint: CacheTagName.hint) }
    return tags
  }

  /// The path as the gateway matches it; nil after reporting. Names of parameters do not matter, so any is taken.
  private func template(_ key: String, at position: SourcePosition, _ path: String) -> String? {
    let text = key.count > 1 && key.hasSuffix("/") ? String(key.dropLast()) : key
    let segments = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbered = segments.enumerated().map { index, segment in
      Self.isParameter(segment) ? "{p\(index)}" : String(segment)
    }
    for segment in numbered where !Self.isParameter(segment[...]) && segment.contains(where: { "{}".contains($0) }) {
      report(
        at: position, path, "\(SettingsReader.quote(segment)) is only partly a parameter",
        hint: "a parameter is a whole segment, as in /pets/{petId}; an operation of another form cannot be judged here")
      return nil
    }
    if segments.contains("*") {
      report(at: position, path, "`*` has no meaning in a path of OpenAPI", hint: "list the paths one by one")
      return nil
    }
    do {
      _ = try PathPattern(numbered.joined(separator: "/"))
      return text
    } catch {
      report(at: position, path, error.message, hint: error.hint)
      return nil
    }
  }

  private static func isParameter(_ segment: Substring) -> Bool {
    segment.count > 2 && segment.hasPrefix("{") && segment.hasSuffix("}")
      && !segment.dropFirst().dropLast().contains { "{}".contains($0) }
  }

  /// The path item itself, or the one that it refers to; nil after reporting.
  private func pathItem(_ node: OpenAPINode) -> OpenAPINode? {
    var item = node
    for _ in 0...Self.mostReferences {
      guard checkMembers(of: item) else { return nil }
      guard let reference = item["$ref"] else { return item }
      // Which of the two counts is not defined (OpenAPI 3.1 section 4.8.9).
      if let sibling = (Self.methods + ["servers"]).first(where: { item[$0] != nil }) {
        report(reference, "refers to a path item and has `\(sibling)` beside it", hint: "keep one of them")
        return nil
      }
      guard let target = resolve(reference) else { return nil }
      item = target
    }
    report(node, "refers to more than \(Self.mostReferences) others in a row", hint: "refer to the path item itself")
    return nil
  }

  /// A method in another letter case would go unseen.
  private func checkMembers(of item: OpenAPINode) -> Bool {
    guard let members = item.members else {
      report(item, "expected a path item, found \(item.node.kind)", hint: "write methods and their operations")
      return false
    }
    let known = Self.methods + Self.otherMembers
    for member in members where !known.contains(member.key) && !member.key.hasPrefix("x-") {
      report(
        at: member.keyPosition, member.value.path, "unknown member of a path item",
        hint: "methods are \(Self.methods.joined(separator: ", ")), in lower case")
    }
    return true
  }
}
