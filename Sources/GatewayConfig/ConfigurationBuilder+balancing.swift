import GatewayKit

extension ConfigurationBuilder {
  /// What a time of an upstream's health may be.
  private static let pause: ClosedRange<Duration> = .milliseconds(100)...(.seconds(3600))
  /// Longer names of fields are none.
  private static let longestFieldName = 128
  private static let hashForms = "token, domain, address, path or header:NAME"

  /// `round_robin`, `least_requests` or `{ hash: KEY }`.
  func readBalance(_ settings: SettingsReader) -> BalancePolicy {
    guard settings.has("balance") else { return .roundRobin }
    let hint = "write round_robin, least_requests or { hash: token }"
    switch settings.node("balance")?.value {
    case .scalar("round_robin", _): return .roundRobin
    case .scalar("least_requests", _): return .leastRequests
    case .mapping:
      guard let section = settings.mapping("balance") else { break }
      defer { section.finish() }
      return readHash(section).map { .hash($0) } ?? .roundRobin
    case .scalar(let text, _):
      settings.fail("balance", "\(quote(text, settings.node("balance"))) is not known here", hint: hint)
    case .sequence:
      settings.fail("balance", "expected one way to balance, found a list", hint: hint)
    case .null, nil:
      reportNothing(settings, "balance")
    }
    return .roundRobin
  }

  /// nil after reporting.
  private func readHash(_ section: SettingsReader) -> BalancePolicy.HashKey? {
    let text = section.requiredString("hash")
    switch text {
    case "": return nil
    case "token": return .token
    case "domain": return .domain
    case "address": return .address
    case "path": return .path
    default: break
    }
    let shown = quote(text, section.node("hash"))
    guard text.hasPrefix("header:") else {
      section.fail("hash", "\(shown) is no key", hint: "choose one of \(Self.hashForms)")
      return nil
    }
    let name = text.dropFirst("header:".count)
    guard (1...Self.longestFieldName).contains(name.utf8.count), name.utf8.allSatisfy(FieldName.isTokenByte) else {
      section.fail("hash", "\(shown) names no field", hint: "write a field's name, as in header:x-device-id")
      return nil
    }
    return .header(name.lowercased())
  }

  /// nil for `off`.
  func readEjection(_ settings: SettingsReader) -> EjectionConfiguration? {
    var ejection = EjectionConfiguration()
    switch readSwitch(settings, "ejection") {
    case .absent: return ejection
    case .off: return nil
    case .on(let section):
      ejection.failures = section.int("failures", default: ejection.failures, in: 1...1000)
      ejection.base = section.duration("time", default: ejection.base, in: Self.pause)
      let longest = max(ejection.longest, ejection.base)
      ejection.longest = section.duration("longest", default: longest, in: Self.pause)
      ejection.cap = section.percent("cap", default: ejection.cap, in: 1...100)
      if ejection.longest < ejection.base {
        section.fail(
          "longest", "is shorter than the first time", hint: "write at least \(ValueParser.describe(ejection.base))")
      }
      section.finish()
      return ejection
    }
  }

  /// nil when there is none.
  func readHealthCheck(_ settings: SettingsReader) -> HealthCheckConfiguration? {
    switch readSwitch(settings, "health_check") {
    case .absent, .off: return nil
    case .on(let section):
      defer { section.finish() }
      var check = HealthCheckConfiguration(path: readHealthPath(section))
      check.interval = section.duration("interval", default: check.interval, in: Self.pause)
      check.timeout = section.duration("timeout", default: min(check.timeout, check.interval), in: Self.pause)
      if check.timeout > check.interval {
        section.fail(
          "timeout", "is longer than the interval", hint: "write at most \(ValueParser.describe(check.interval))")
      }
      check.healthy = section.int("healthy", default: check.healthy, in: 1...100)
      check.unhealthy = section.int("unhealthy", default: check.unhealthy, in: 1...100)
      check.statuses = readStatusRanges(section, default: check.statuses)
      check.host = readHealthHost(section)
      return check
    }
  }

  private func readHealthPath(_ section: SettingsReader) -> String {
    let path = section.requiredString("path")
    if !path.isEmpty, !RequestTarget.isOriginForm(path) {
      section.fail(
        "path", "\(quote(path, section.node("path"))) is no path",
        hint: "begin with a slash, encode what is neither letter, digit nor sign of a URL, as in /health?deep=1")
    }
    return path
  }

  private func readHealthHost(_ section: SettingsReader) -> String? {
    guard let text = section.optionalString("host") else { return nil }
    guard let (host, port) = AddressParser.hostAndPort(text), port != 0 else {
      section.fail(
        "host", "\(quote(text, section.node("host"))) is no host",
        hint: "write a name or an address, as in api.test:8080")
      return nil
    }
    let name = host.contains(":") ? "[\(host)]" : host
    return port.map { "\(name):\($0)" } ?? name
  }
}
