import GatewayKit

extension OpenAPIReader {
  /// What stands before every path: the path of each server, or Swagger's `basePath`.
  func rootBasePaths() -> [String] {
    switch dialect {
    case .openAPI3: return basePaths(root) ?? [""]
    case .swagger2:
      guard let base = root["basePath"] else { return [""] }
      return [basePath(base.text ?? "?", at: base)].compactMap { $0 }
    }
  }

  /// The base paths of a node's own servers; nil when it names none.
  func basePaths(_ node: OpenAPINode) -> [String]? {
    guard dialect == .openAPI3, let servers = node["servers"] else { return nil }
    guard let items = servers.items else {
      report(servers, "expected a list of servers, found \(servers.node.kind)", hint: "begin each with `- url:`")
      return []
    }
    if items.isEmpty { return nil }
    var paths: [String] = []
    for item in items {
      guard let url = item["url"], let text = url.text else {
        report(item, "a server without `url`", hint: "write `url: https://api.example.com/v1`")
        continue
      }
      guard let text = substitute(text, item, url), let path = basePath(Self.path(of: text), at: url) else { continue }
      if !paths.contains(path) { paths.append(path) }
    }
    return paths
  }

  /// The address with the defaults of its variables; nil after reporting.
  private func substitute(_ text: String, _ server: OpenAPINode, _ url: OpenAPINode) -> String? {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else { break }
      let name = String(rest[rest.index(after: open)..<close])
      guard let value = server["variables"]?[name]?["default"]?.text else {
        report(
          url, "the variable \(SettingsReader.quote("{\(name)}")) has no default",
          hint: "write it under `variables`, or set `base_path` where the catalogue is used and take the servers out")
        return nil
      }
      result += rest[..<open] + value
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  /// What follows the host of an address, or the address itself when it has none.
  private static func path(of url: String) -> String {
    let bytes = Array(url.utf8)
    let slashes = (0..<max(0, bytes.count - 1)).first { bytes[$0] == bytes[$0 + 1] && bytes[$0] == UInt8(ascii: "/") }
    guard let slashes, slashes == 0 || bytes[slashes - 1] == UInt8(ascii: ":") else { return url }
    return String(decoding: bytes[(slashes + 2)...].drop { $0 != UInt8(ascii: "/") }, as: UTF8.self)
  }

  /// nil after reporting.
  private func basePath(_ text: String, at node: OpenAPINode) -> String? {
    let path = text.hasSuffix("/") ? String(text.dropLast()) : text
    if path.isEmpty { return "" }
    if let pattern = try? PathPattern(path), pattern.segments.allSatisfy(Self.isFixed) { return path }
    report(
      node, "has no plain path",
      hint: "write an address such as https://api.example.com/v1, or a path that begins with a slash, without a query")
    return nil
  }

  private static func isFixed(_ segment: PathPattern.Segment) -> Bool {
    if case .fixed = segment { true } else { false }
  }
}
