import GatewayKit

/// A value of an OpenAPI document with the way to it. Members that are not asked for are left alone: most of such a
/// document is not about who may call what.
struct OpenAPINode {
  let node: ConfigNode
  let path: String

  var position: SourcePosition { node.position }

  /// The text of a single value.
  var text: String? {
    if case .scalar(let text, _) = node.value { text } else { nil }
  }

  /// The items of a list; nil for anything else.
  var items: [OpenAPINode]? {
    guard case .sequence(let items) = node.value else { return nil }
    return items.enumerated().map { OpenAPINode(node: $1, path: "\(path)[\($0)]") }
  }

  /// The members of a mapping with where their names stand; nil for anything else.
  var members: [(key: String, keyPosition: SourcePosition, value: OpenAPINode)]? {
    guard case .mapping(let entries) = node.value else { return nil }
    return entries.map { ($0.key, $0.keyPosition, OpenAPINode(node: $0.value, path: way(to: $0.key))) }
  }

  /// A member of a mapping; nil when there is none of that name.
  subscript(key: String) -> OpenAPINode? {
    guard case .mapping(let entries) = node.value, let entry = entries.first(where: { $0.key == key }) else {
      return nil
    }
    return OpenAPINode(node: entry.value, path: way(to: key))
  }

  private func way(to key: String) -> String {
    path.isEmpty ? SettingsReader.shortened(key) : "\(path).\(SettingsReader.shortened(key))"
  }
}
