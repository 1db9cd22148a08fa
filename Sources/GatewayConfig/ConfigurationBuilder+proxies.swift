import GatewayKit

extension ConfigurationBuilder {
  /// Networks of trusted proxies.
  private static let mostProxies = 1000
  private static let proxyForms = "an address or a network, as in 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"

  /// The networks under `trusted_proxies`, none of them twice.
  func readTrustedProxies(_ reader: SettingsReader) -> [IPNetwork] {
    let items = reader.stringNodes("trusted_proxies") ?? []
    if items.count > Self.mostProxies {
      reader.fail("trusted_proxies", "more than \(Self.mostProxies) networks", hint: "write larger networks")
    }
    var networks: [IPNetwork] = []
    var seen: Set<IPNetwork> = []
    for (text, node, path) in items.prefix(Self.mostProxies) {
      guard let network = readNetwork(text, node, path: path) else { continue }
      if seen.insert(network).inserted {
        networks.append(network)
      } else {
        report(node.position, path, "`\(network)` stands here twice", hint: "name it once")
      }
    }
    return networks
  }

  /// nil after reporting.
  private func readNetwork(_ text: String, _ node: ConfigNode, path: String) -> IPNetwork? {
    let shown = quote(text, node)
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else {
      report(node.position, path, "\(shown) is no address and no network", hint: "write \(Self.proxyForms)")
      return nil
    }
    guard parts.count == 2 else { return IPNetwork(address, prefix: address.family.width) }
    // IPv4 written in IPv6 has its prefix counted in IPv6.
    let offset = address.family == .v4 && parts[0].contains(":") ? 96 : 0
    guard let length = prefixLength(parts[1]), (1...address.family.width).contains(length - offset) else {
      report(
        node.position, path, "\(shown) has no proper length of a prefix",
        hint: "write /\(1 + offset) to /\(address.family.width + offset); "
          + "where every address is trusted, any client names itself")
      return nil
    }
    let network = IPNetwork(address, prefix: length - offset)
    if network.first != address {
      report(
        node.position, path, "\(shown) is no network: bits are set behind its prefix",
        hint: "write \(network), or \(address) for the one address")
      return nil
    }
    return network
  }

  /// Digits as they are usually written.
  private func prefixLength(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), let length = ValueParser.integer(String(text)) else { return nil }
    return "\(length)" == text ? length : nil
  }
}
