import GatewayKit

extension ConfigurationBuilder {
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
    readPool(settings, into: &upstream)
    upstream.fair = readFair(settings)
    upstream.balance = readBalance(settings)
    upstream.resolveInterval = settings.duration(
      "resolve_every", default: upstream.resolveInterval, in: .seconds(1)...(.seconds(86_400)))
    upstream.ejection = readEjection(settings)
    upstream.healthCheck = readHealthCheck(settings)
    upstream.retry = readRetry(settings)
    upstream.tls = readUpstreamTLS(settings, endpoints: upstream.endpoints)
    return upstream
  }

  private func readPool(_ settings: SettingsReader, into upstream: inout UpstreamConfiguration) {
    upstream.idleTimeout = settings.duration("idle_timeout", default: upstream.idleTimeout, in: Self.wait)
    upstream.maxAge = settings.durationBound("max_age", default: upstream.maxAge, in: Self.wait)
    upstream.maxConnections = settings.int(
      "max_connections", default: upstream.maxConnections, in: 1...Self.mostConnections)
    upstream.maxIdle = settings.int(
      "max_idle", default: min(upstream.maxIdle, upstream.maxConnections), in: 0...Self.mostConnections)
    upstream.maxWaiting = settings.int("max_waiting", default: upstream.maxWaiting, in: 0...Self.mostConnections)
    if upstream.maxIdle > upstream.maxConnections {
      settings.fail(
        "max_idle", "more idle connections than connections", hint: "write at most \(upstream.maxConnections)")
    }
  }

  /// The settings of a mechanism that a single `off` switches off; nil when it does, and after reporting that the key
  /// holds something else.
  func readSwitch(_ settings: SettingsReader, _ key: String) -> SwitchedSettings {
    guard settings.has(key) else { return .absent }
    if settings.isOff(key) { return .off }
    guard case .scalar = settings.node(key)?.value else {
      guard let section = settings.mapping(key) else {
        reportNothing(settings, key)
        return .absent
      }
      return .on(section)
    }
    settings.fail(key, "expected a mapping of settings, found a single value", hint: "write `key: value` lines, or off")
    return .absent
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

/// What stands behind a key that may say `off`.
enum SwitchedSettings {
  case absent
  case off
  case on(SettingsReader)
}
