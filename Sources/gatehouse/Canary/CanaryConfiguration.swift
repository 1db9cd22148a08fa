import GatewayKit

/// A configuration as it is, but for what a canary needs: another origin, keys of its own, no limits, one listener.
enum CanaryConfiguration {
  /// Plugins that would need somebody else, refuse for another reason, or write about callers that do not exist.
  private static let left = ["rate-limit", "token-registry", "access-log"]

  static func make(_ original: GatewayConfiguration, origin: Int, secretFile: String) -> GatewayConfiguration {
    var made = original
    if let listener = original.listeners.first {
      var plain = ListenerConfiguration(bind: BindAddress(host: "127.0.0.1", port: 0), position: listener.position)
      plain.domainSources = listener.domainSources.map(withoutTLS)
      made.listeners = [plain]
    }
    made.domainSources = withoutTLS(original.domainSources)
    made.admin = nil
    made.revocations = RevocationsConfiguration()
    made.stores.redis = nil
    made.stores.spread = .off
    made.stores.secondTier = nil
    made.upstreams = original.upstreams.map { upstream in
      UpstreamConfiguration(
        name: upstream.name, endpoints: [Endpoint(isTLS: false, host: "127.0.0.1", port: origin)],
        position: upstream.position)
    }
    let change = { (use: [UseEntry]) in use.compactMap { changed($0, secretFile) } }
    made.floor = change(original.floor)
    made.defaults = change(original.defaults)
    for index in made.domains.indices {
      made.domains[index].use = change(made.domains[index].use)
      for route in made.domains[index].routes.indices {
        made.domains[index].routes[route].use = change(made.domains[index].routes[route].use)
      }
    }
    return made
  }

  private static func withoutTLS(_ sources: [DomainSource]) -> [DomainSource] {
    let plain = sources.filter { $0 != .sni }
    return plain.isEmpty ? [.host] : plain
  }

  private static func changed(_ entry: UseEntry, _ secretFile: String) -> UseEntry? {
    if left.contains(entry.plugin) { return nil }
    guard entry.plugin == "authentication", case .mapping(let entries) = entry.settings.value else { return entry }
    let position = entry.settings.position
    func member(_ key: String, _ value: ConfigNode.Value) -> ConfigNode.Entry {
      ConfigNode.Entry(key: key, keyPosition: position, value: ConfigNode(value, position: position))
    }
    let file = ConfigNode(.mapping([member("file", .scalar(secretFile, quoted: true))]), position: position)
    let secret = ConfigNode.Entry(key: "secret", keyPosition: position, value: file)
    var changed = entry
    changed.settings.value = .mapping(
      entries.filter { !["keys", "algorithms", "introspect"].contains($0.key) } + [
        member("keys", .mapping([secret])),
        member("algorithms", .sequence([ConfigNode(.scalar("HS256", quoted: true), position: position)])),
      ])
    return changed
  }
}
