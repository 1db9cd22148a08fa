import GatewayKit

extension ConfigurationBuilder {
  /// Certificates of one listener.
  private static let mostCertificates = 1000

  /// nil when the key is absent. A mistake gives a listener with TLS still: nobody means plain HTTP by it.
  func readListenerTLS(_ listener: SettingsReader) -> ListenerTLSConfiguration? {
    guard listener.has("tls") else { return nil }
    var tls = ListenerTLSConfiguration(certificates: [])
    guard let section = listener.mapping("tls") else {
      reportNothing(listener, "tls")
      return tls
    }
    tls.certificates = readCertificates(section)
    tls.minimumVersion = section.choice("min_version", default: tls.minimumVersion)
    tls.handshakeTimeout = section.duration("handshake_timeout", default: tls.handshakeTimeout, in: Self.wait)
    section.finish()
    return tls
  }

  private func readCertificates(_ section: SettingsReader) -> [ListenerTLSConfiguration.Certificate] {
    let hint = "write `certificates: [{ certificate: chain.pem, key: key.pem }]`"
    if isEmptyList(section.node("certificates")) {
      section.fail("certificates", "TLS needs a certificate", hint: hint)
    }
    let items = section.mappings("certificates")
    if items.count > Self.mostCertificates {
      section.fail("certificates", "more than \(Self.mostCertificates) certificates", hint: "write fewer")
    }
    var certificates: [ListenerTLSConfiguration.Certificate] = []
    for item in items.prefix(Self.mostCertificates) {
      defer { item.finish() }
      let chain = readPEM(item, "certificate", .certificate, isRequired: true)
      let key = readPEM(item, "key", .key, isRequired: true)
      guard let chain, let key else { continue }
      if let other = certificates.first(where: { $0.certificate == chain }) {
        item.fail("certificate", "\(chain) stands here twice, first at \(other.position)", hint: "name it once")
      }
      certificates.append(.init(certificate: chain, key: key, position: item.position))
    }
    return certificates
  }

  /// How the origin is spoken to; what is left out has its default.
  func readUpstreamTLS(_ upstream: SettingsReader, endpoints: [Endpoint]) -> UpstreamTLSConfiguration {
    var tls = UpstreamTLSConfiguration()
    guard upstream.has("tls") else { return tls }
    guard let section = upstream.mapping("tls") else {
      reportNothing(upstream, "tls")
      return tls
    }
    tls.serverName = readServerName(section)
    tls.authority = readPEM(section, "authority", .certificate)
    tls.certificate = readPEM(section, "certificate", .certificate)
    tls.key = readPEM(section, "key", .key)
    section.finish()
    for (key, other) in [("certificate", "key"), ("key", "certificate")] where section.has(key) && !section.has(other) {
      section.fail(key, "has no \(other) beside it", hint: "name both `certificate` and `key`, or neither")
    }
    // Endpoints that could not be read may have been meant to have it.
    if !endpoints.isEmpty, !endpoints.contains(where: \.isTLS) {
      upstream.fail(
        "tls", "no endpoint here is spoken to over TLS", hint: "write https:// in `endpoints`, or remove `tls`")
    }
    return tls
  }

  private func readServerName(_ section: SettingsReader) -> String? {
    guard let text = section.optionalString("server_name") else { return nil }
    // An address is no server name (RFC 6066 section 3).
    if let name = HostName.normalize(text), !HostName.isAddress(name) { return name }
    section.fail(
      "server_name", "\(quote(text, section.node("server_name"))) is no host name",
      hint: "write a name such as api.example.com, without port; an address is none")
    return nil
  }

  /// The name of a file that holds what it should; nil when the key is absent or after reporting.
  private func readPEM(
    _ section: SettingsReader, _ key: String, _ content: PEMFile.Content, isRequired: Bool = false
  ) -> String? {
    if isEmptyList(section.node(key)), isRequired || section.has(key) {
      section.fail(
        key, section.has(key) ? "names no file" : "is missing", hint: "name a PEM file, as in tls/\(key).pem")
      return nil
    }
    guard let path = section.path(key) else { return nil }
    guard let problem = PEMFile.problem(path, content: content) else { return path }
    section.fail(key, problem.message, hint: problem.hint)
    return nil
  }
}
