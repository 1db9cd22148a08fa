import GatewayKit

/// A way to prove who asks.
struct SecurityScheme {
  /// Its kind in words, such as `apiKey`.
  let kind: String
  /// Whether a token that the gateway has verified is what it asks for.
  let isToken: Bool
}

/// What a `security` list says.
struct SecurityRequirement {
  /// No token is needed.
  var isOpen = false
  /// All scopes of one of these are enough; an empty list takes every verified token.
  var alternatives: [[String]] = []
  /// Schemes that the gateway cannot verify. Alternatives that need one were left out.
  var unverifiable: [String] = []
}

extension OpenAPIReader {
  private static let kinds = ["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS", "basic"]

  mutating func readSchemes() {
    let declared = dialect == .openAPI3 ? root["components"]?["securitySchemes"] : root["securityDefinitions"]
    for member in declared?.members ?? [] {
      guard let node = scheme(member.value) else { continue }
      guard let kind = node["type"]?.text, Self.kinds.contains(kind) else {
        report(
          node["type"] ?? node, "is no kind of security scheme",
          hint: "write `type:` and one of \(Self.kinds.joined(separator: ", "))")
        continue
      }
      schemes[member.key] = Self.scheme(kind, node)
    }
  }

  private func scheme(_ node: OpenAPINode) -> OpenAPINode? {
    guard let reference = node["$ref"] else { return node }
    return resolve(reference)
  }

  private static func scheme(_ kind: String, _ node: OpenAPINode) -> SecurityScheme {
    switch kind {
    case "oauth2", "openIdConnect": return SecurityScheme(kind: kind, isToken: true)
    case "http":
      let name = node["scheme"]?.text?.lowercased() ?? ""
      return SecurityScheme(kind: "http \(name)", isToken: name == "bearer")
    default: return SecurityScheme(kind: kind, isToken: false)
    }
  }

  /// Reads a `security` list: any one of its objects is enough, and of an object everything is needed.
  func requirement(_ node: OpenAPINode) -> SecurityRequirement {
    var requirement = SecurityRequirement()
    guard let items = node.items else {
      report(
        node, "expected a list of security requirements, found \(node.node.kind)",
        hint: "write `- scheme: [scope]` lines, or [] where no token is needed")
      return requirement
    }
    if items.isEmpty { requirement.isOpen = true }
    for item in items { read(item, into: &requirement) }
    return requirement
  }

  private func read(_ item: OpenAPINode, into requirement: inout SecurityRequirement) {
    guard let members = item.members else {
      return report(item, "expected a security requirement, found \(item.node.kind)", hint: "write `scheme: [scope]`")
    }
    if members.isEmpty { requirement.isOpen = true }
    var scopes: [String] = []
    var isVerifiable = !members.isEmpty
    for member in members {
      guard let scheme = schemes[member.key] else {
        let known = schemes.keys.sorted().joined(separator: ", ")
        report(
          at: member.keyPosition, member.value.path, "there is no security scheme of this name",
          hint: known.isEmpty ? "declare it among the security schemes" : "known schemes: \(known)")
        isVerifiable = false
        continue
      }
      let names = scopeNames(member.value)
      if scheme.isToken {
        scopes += names.filter { !scopes.contains($0) }
      } else {
        isVerifiable = false
        let words = "\(member.key) (\(scheme.kind))"
        if !requirement.unverifiable.contains(words) { requirement.unverifiable.append(words) }
      }
    }
    if isVerifiable, !requirement.alternatives.contains(scopes) { requirement.alternatives.append(scopes) }
  }

  private func scopeNames(_ node: OpenAPINode) -> [String] {
    guard let items = node.items else {
      report(node, "expected a list of scopes, found \(node.node.kind)", hint: "write [] when none is needed")
      return []
    }
    return items.compactMap { item in
      if let name = item.text, ScopeName.isValid(name) { return name }
      report(item, "is no scope", hint: "write visible ASCII without blanks, quotes and backslashes")
      return nil
    }
  }
}
