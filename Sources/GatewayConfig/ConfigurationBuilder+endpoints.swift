import GatewayKit

extension ConfigurationBuilder {
  /// Endpoints of one upstream.
  private static let mostEndpoints = 1000

  /// The `endpoints` of an upstream: one, or a list; each a URL, or a mapping with a `url` and its `weight`.
  func readEndpoints(_ settings: SettingsReader) -> [Endpoint] {
    let path = settings.path(of: "endpoints")
    guard let node = settings.node("endpoints"), !isEmptyList(node) else {
      settings.fail(
        "endpoints", "the upstream has no endpoint", hint: "write `endpoints: [\"https://api.example.com\"]`")
      return []
    }
    guard case .sequence(let items) = node.value else { return readEndpoint(node, path: path).map { [$0] } ?? [] }
    if items.count > Self.mostEndpoints {
      settings.fail("endpoints", "more than \(Self.mostEndpoints) endpoints", hint: "write fewer")
    }
    var endpoints: [Endpoint] = []
    var seen: Set<Endpoint> = []
    for (index, item) in items.prefix(Self.mostEndpoints).enumerated() {
      guard let endpoint = readEndpoint(item, path: "\(path)[\(index)]") else { continue }
      var address = endpoint
      address.weight = 1
      if !seen.insert(address).inserted {
        report(item.position, "\(path)[\(index)]", "\(endpoint) stands here twice", hint: "name it once")
      }
      endpoints.append(endpoint)
    }
    return endpoints
  }

  /// nil after reporting.
  private func readEndpoint(_ node: ConfigNode, path: String) -> Endpoint? {
    switch node.value {
    case .scalar(let text, _): return endpoint(text, at: node.position, path: path)
    case .mapping:
      let section = SettingsReader(node, path: path, issues: issues, environment: environment)
      defer { section.finish() }
      let text = section.requiredString("url")
      let weight = section.int("weight", default: 1, in: 1...1000)
      guard !text.isEmpty else { return nil }
      var endpoint = endpoint(text, at: section.node("url")?.position ?? node.position, path: section.path(of: "url"))
      endpoint?.weight = weight
      return endpoint
    case .sequence, .null:
      report(
        node.position, path, "expected an endpoint, found \(node.kind)",
        hint: "write a URL, or { url: \"https://host\", weight: 3 }")
      return nil
    }
  }

  private func endpoint(_ text: String, at position: SourcePosition, path: String) -> Endpoint? {
    if let endpoint = AddressParser.endpoint(text) { return endpoint }
    // Not the text: a URL could carry a password.
    report(
      position, path, "is no endpoint",
      hint: "write https://host, http://host:port/base or host:port, without user, query and fragment")
    return nil
  }
}
