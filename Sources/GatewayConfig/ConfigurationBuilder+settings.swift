import GatewayKit

extension ConfigurationBuilder {
  /// What a wait may be: something, and an end. A week is enough for streams.
  static let wait: ClosedRange<Duration> = .milliseconds(1)...(.seconds(7 * 86_400))

  func readLimits(_ reader: SettingsReader) -> LimitsConfiguration {
    var limits = LimitsConfiguration()
    guard let section = reader.mapping("limits") else { return limits }
    let kilobyte = 1 << 10
    let megabyte = 1 << 20
    limits.head = section.size("head", default: limits.head, in: kilobyte...megabyte)
    limits.requestLine = section.size(
      "request_line", default: min(limits.requestLine, limits.head), in: 64...megabyte)
    limits.fields = section.int("fields", default: limits.fields, in: 1...10_000)
    limits.body = section.sizeBound("body", default: limits.body, in: 0...Int.max)
    limits.connections = section.int("connections", default: limits.connections, in: 1...1_000_000)
    limits.chunkExtension = section.size("chunk_extension", default: limits.chunkExtension, in: 0...(64 * kilobyte))
    limits.responseHead = section.size("response_head", default: limits.responseHead, in: kilobyte...megabyte)
    limits.drainBody = section.size("drain_body", default: limits.drainBody, in: 0...(16 * megabyte))
    readPeerLimits(section, into: &limits)
    if limits.requestLine > limits.head {
      section.fail(
        "request_line", "is larger than the whole head",
        hint: "write at most \(ValueParser.describe(bytes: limits.head))")
    }
    section.finish()
    return limits
  }

  /// What is held for slow peers, and how many and how slow they may be.
  private func readPeerLimits(_ section: SettingsReader, into limits: inout LimitsConfiguration) {
    let buffer = (4 << 10)...(16 << 20)
    limits.responseBuffer = section.size("response_buffer", default: limits.responseBuffer, in: buffer)
    limits.requestBuffer = section.size("request_buffer", default: limits.requestBuffer, in: buffer)
    limits.trailers = section.size("trailers", default: limits.trailers, in: 0...(1 << 20))
    limits.leastRate = section.sizeBound("least_rate", default: limits.leastRate, in: 0...(1 << 20), or: "off") ?? 0
    limits.connectionsPerAddress = section.intBound(
      "connections_per_address", default: limits.connectionsPerAddress, in: 1...1_000_000)
    limits.requestsPerConnection = section.int(
      "requests_per_connection", default: limits.requestsPerConnection, in: 1...1_000_000_000)
    limits.tunnels = section.int("tunnels", default: limits.tunnels, in: 0...1_000_000)
    limits.background = section.int("background", default: limits.background, in: 0...100_000)
    limits.backgroundPerDomain = section.int(
      "background_per_domain", default: limits.backgroundPerDomain, in: 1...100_000)
  }

  /// Whether several slashes in a row count as one.
  func readPaths(_ reader: SettingsReader, default fallback: Bool) -> Bool {
    guard let section = reader.mapping("paths") else { return fallback }
    defer { section.finish() }
    return section.bool("merge_slashes", default: fallback)
  }

  func readTimeouts(_ reader: SettingsReader) -> TimeoutsConfiguration {
    var timeouts = TimeoutsConfiguration()
    guard let section = reader.mapping("timeouts") else { return timeouts }
    let read = { (key: String, value: inout Duration) in
      value = section.duration(key, default: value, in: ConfigurationBuilder.wait)
    }
    read("request_head", &timeouts.requestHead)
    read("keep_alive_idle", &timeouts.keepAliveIdle)
    read("body_idle", &timeouts.bodyIdle)
    read("upstream_connect", &timeouts.upstreamConnect)
    read("upstream_head", &timeouts.upstreamHead)
    read("upstream_body_idle", &timeouts.upstreamBodyIdle)
    read("stream_idle", &timeouts.streamIdle)
    read("body_grace", &timeouts.bodyGrace)
    timeouts.exchange = section.durationBound("exchange", default: timeouts.exchange, in: Self.wait)
    read("tunnel_idle", &timeouts.tunnelIdle)
    read("plugin_wait", &timeouts.pluginWait)
    timeouts.linger = section.duration("linger", default: timeouts.linger, in: .zero...(.seconds(60)))
    section.finish()
    return timeouts
  }

  func readShutdown(_ reader: SettingsReader) -> ShutdownConfiguration {
    var shutdown = ShutdownConfiguration()
    guard let section = reader.mapping("shutdown") else { return shutdown }
    shutdown.delay = section.duration("delay", default: shutdown.delay, in: .zero...(.seconds(3600)))
    shutdown.limit = section.duration("limit", default: shutdown.limit, in: .zero...(.seconds(86_400)))
    section.finish()
    return shutdown
  }

  func readLog(_ reader: SettingsReader) -> LogConfiguration {
    var log = LogConfiguration()
    guard let section = reader.mapping("log") else { return log }
    log.level = section.choice("level", default: log.level)
    section.finish()
    return log
  }

  func readCatalogs(_ reader: SettingsReader) -> [String: String] {
    guard let section = reader.mapping("catalogs") else { return [:] }
    var catalogs: [String: String] = [:]
    for (name, node) in section.entries() {
      guard let path = section.path(name) else {
        if isEmptyList(node) { section.fail(name, "names no file", hint: "write the path of a catalogue") }
        continue
      }
      if let reason = BoundedFile.problem(path) {
        section.fail(name, "the file \(path) \(reason)", hint: "name a readable catalogue of operations")
      }
      catalogs[name] = path
    }
    return catalogs
  }
}
