import GatewayKit

extension ConfigurationBuilder {
  /// Endpoints of one upstream.
  private static let mostEndpoints = 1000
  /// Connections and waiting exchanges above this are no bound.
  private static let mostConnections = 1_000_000

  func readUpstreams(_ reader: SettingsReader, timeouts: TimeoutsConfiguration) -> [UpstreamConfiguration] {
    guard let section = reader.mapping("upstreams") else { return [] }
    return section.entries().map { name, node in
      if !isName(name) {
        report(
          section.keyPosition(name), section.path(of: name), "\(quote(name, nil)) is no name",
          hint: "begin with a letter or digit, go on with these and . _ -")
      }
      let settings = SettingsReader(
        node, path: section.path(of: name), issues: issues, environment: environment)
      defer { settings.finish() }
      return readUpstream(name, settings, timeouts: timeouts)
    }
  }

  private func readUpstream(
    _ name: String, _ settings: SettingsReader, timeouts: TimeoutsConfiguration
  ) -> UpstreamConfiguration {
    var upstream = UpstreamConfiguration(
      name: name, endpoints: readEndpoints(settings), connectTimeout: timeouts.upstreamConnect,
      headTimeout: timeouts.upstreamHead, position: settings.position)
    upstream.connectTimeout = settings.duration("connect_timeout", default: upstream.connectTimeout, in: Self.wait)
    upstream.headTimeout = settings.duration("head_timeout", default: upstream.headTimeout, in: Self.wait)
    upstream.idleTimeout = settings.duration("idle_timeout", default: upstream.idleTimeout, in: Self.wait)
    upstream.maxConnections = settings.int(
      "max_connections", default: upstream.maxConnections, in: 1...Self.mostConnections)
    upstream.maxIdle = settings.int(
      "max_idle", default: min(upstream.maxIdle, upstream.maxConnections), in: 0...Self.mostConnections)
    upstream.maxWaiting = settings.int("max_waiting", default: upstream.maxWaiting, in: 0...Self.mostConnections)
    if upstream.maxIdle > upstream.maxConnections {
      settings.fail(
        "max_idle", "more idle connections than connections", hint: "write at most \(upstream.maxConnections)")
    }
    return upstream
  }

  private func readEndpoints(_ settings: SettingsReader) -> [Endpoint] {
    var endpoints: [Endpoint] = []
    let hint = "write `endpoints: [\"https://api.example.com\"]`"
    if isEmptyList(settings.node("endpoints")) {
      settings.fail("endpoints", "the upstream has no endpoint", hint: hint)
    }
    let items = settings.stringNodes("endpoints") ?? []
    if items.count > Self.mostEndpoints {
      settings.fail("endpoints", "more than \(Self.mostEndpoints) endpoints", hint: "write fewer")
    }
    for (text, node, path) in items.prefix(Self.mostEndpoints) {
      guard let endpoint = AddressParser.endpoint(text) else {
        // Not the text: a URL could carry a password.
        report(
          node.position, path, "is no endpoint",
          hint: "write https://host, http://host:port/base or host:port, without user, query and fragment")
        continue
      }
      if endpoints.contains(endpoint) {
        report(node.position, path, "\(endpoint) stands here twice", hint: "name it once")
      }
      endpoints.append(endpoint)
    }
    return endpoints
  }

  /// Names go into metrics and logs.
  private func isName(_ text: String) -> Bool {
    guard (1...64).contains(text.utf8.count), let first = text.unicodeScalars.first else { return false }
    let isWord = { (scalar: Unicode.Scalar) in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    }
    return isWord(first) && text.unicodeScalars.allSatisfy { isWord($0) || "._-".unicodeScalars.contains($0) }
  }
}
