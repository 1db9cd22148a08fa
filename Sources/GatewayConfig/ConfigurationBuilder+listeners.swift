import GatewayKit

extension ConfigurationBuilder {
  private static let mostListeners = 256

  func readListeners(_ reader: SettingsReader) -> [ListenerConfiguration] {
    var listeners: [ListenerConfiguration] = []
    let sections = reader.mappings("listeners")
    if sections.isEmpty, !reader.has("listeners") || isEmptyList(reader.node("listeners")) {
      reader.fail("listeners", "no listener is configured", hint: "write `listeners: [{ bind: 0.0.0.0:8080 }]`")
    }
    if sections.count > Self.mostListeners {
      reader.fail("listeners", "more than \(Self.mostListeners) listeners", hint: "write fewer")
    }
    for section in sections.prefix(Self.mostListeners) {
      let sources = readDomainSources(section)
      let tls = readListenerTLS(section)
      let connections = section.intBound("connections", default: nil, in: 1...1_000_000)
      if tls == nil { refuseServerName(section, "this listener has no TLS") }
      if let bind = readBind(section) {
        if let other = listeners.first(where: { $0.bind == bind && bind.port != 0 }) {
          section.fail(
            "bind", "two listeners at \(bind), the other at \(other.position)", hint: "give each its own address")
        }
        let position = section.node("bind")?.position ?? section.position
        var listener = ListenerConfiguration(bind: bind, domainSources: sources, position: position)
        listener.tls = tls
        listener.connections = connections
        listeners.append(listener)
      }
      section.finish()
    }
    return listeners
  }

  func readAdmin(_ reader: SettingsReader, listeners: [ListenerConfiguration]) -> AdminConfiguration? {
    guard let section = reader.mapping("admin") else { return nil }
    defer { section.finish() }
    let token = readAdminToken(section)
    guard let bind = readBind(section) else { return nil }
    if let other = listeners.first(where: { $0.bind == bind && bind.port != 0 }) {
      section.fail(
        "bind", "\(bind) is a listener's address already, at \(other.position)",
        hint: "give the operators an address of their own, such as 127.0.0.1:9080")
    }
    var admin = AdminConfiguration(bind: bind, position: section.node("bind")?.position ?? section.position)
    admin.token = token
    return admin
  }

  /// nil when the key is absent.
  func readDomainSources(_ reader: SettingsReader) -> [DomainSource]? {
    guard reader.has("domain_from") else { return nil }
    let sources: [DomainSource] = reader.choices("domain_from", default: [])
    if isEmptyList(reader.node("domain_from")) {
      reader.fail("domain_from", "names no source", hint: "write a list such as [losantdomain, host]")
    }
    return sources
  }

  /// The gateway's own sources are those of every listener that has none.
  func checkServerName(_ reader: SettingsReader, listeners: [ListenerConfiguration]) {
    guard let plain = listeners.first(where: { $0.domainSources == nil && $0.tls == nil }) else { return }
    refuseServerName(reader, "the listener at \(plain.position) has no TLS")
  }

  /// Reports `sni` among the sources: the name is in the TLS handshake and nowhere else.
  private func refuseServerName(_ reader: SettingsReader, _ reason: String) {
    for (text, node, path) in reader.stringNodes("domain_from") ?? [] where text == DomainSource.sni.rawValue {
      report(
        node.position, path, "`sni` names no domain: \(reason)",
        hint: "give the listener `tls`, or a `domain_from` without sni, such as [losantdomain, host]")
    }
  }

  private func readBind(_ section: SettingsReader) -> BindAddress? {
    let text = section.requiredString("bind")
    guard !text.isEmpty else { return nil }
    if let bind = AddressParser.bind(text) { return bind }
    section.fail(
      "bind", "\(quote(text, section.node("bind"))) is no address and port",
      hint: "write 0.0.0.0:8080, [::1]:8080 or localhost:8080")
    return nil
  }

  func isEmptyList(_ node: ConfigNode?) -> Bool {
    switch node?.value {
    case .null, nil: true
    case .sequence(let items): items.isEmpty
    default: false
    }
  }

  /// A value for a message.
  func quote(_ text: String, _ node: ConfigNode?) -> String {
    SettingsReader.quote(text, of: node)
  }
}
