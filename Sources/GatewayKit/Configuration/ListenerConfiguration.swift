/// An address to listen at.
package struct BindAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 address without brackets, or a host name.
  package var host: String
  /// 0 lets the system choose.
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// As it is written in a configuration.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A place where connections of clients are accepted.
package struct ListenerConfiguration: Sendable {
  package var bind: BindAddress
  /// What names the domain of a request here; nil for the gateway's own setting.
  package var domainSources: [DomainSource]?
  /// How many connections it has at a time; nil for no bound but the gateway's.
  package var connections: Int?
  /// nil for plain HTTP.
  package var tls: ListenerTLSConfiguration?
  package var position: SourcePosition

  package init(bind: BindAddress, domainSources: [DomainSource]? = nil, position: SourcePosition) {
    self.bind = bind
    self.domainSources = domainSources
    self.position = position
  }
}

/// The operators' interface.
package struct AdminConfiguration: Sendable {
  package var bind: BindAddress
  /// What calls that change something have to show; nil for nothing, which is enough on a loopback address only.
  package var token: Secret?
  package var position: SourcePosition

  package init(bind: BindAddress, position: SourcePosition) {
    self.bind = bind
    self.position = position
  }
}

/// A part of a request that can name its domain.
package enum DomainSource: String, Sendable, Hashable, CaseIterable {
  /// The field of the Losant API.
  case losantdomain
  /// The host the request is for: `Host` or the authority (RFC 9110 section 7.2).
  case host
  /// The server name of the TLS handshake (RFC 6066 section 3).
  case sni
}
