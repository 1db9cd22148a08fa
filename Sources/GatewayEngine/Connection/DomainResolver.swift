import GatewayKit
import HTTPWire

/// Finds the tenant of a request from the sources that the listener declares.
enum DomainResolver {
  enum Result {
    /// The domain's index, and what `losantdomain` had to do with it.
    case found(Int, field: Field)
    case refused(Reply)
  }

  /// What `losantdomain` said.
  enum Field {
    /// Nothing.
    case absent
    /// The domain's name, letter for letter.
    case name
    /// The domain in other letters, or by another of its names.
    case otherwise
  }

  /// `losantdomain` names a domain or nothing (an empty one counts as absent, since real clients send it). The host and the
  /// server name of the handshake count when they are a domain's: a gateway's own names name no tenant. All that name one
  /// must agree.
  static func resolve(
    _ exchange: Exchange, serverName: String?, sources: DomainSources, table: DomainTable
  ) -> Result {
    var found: Int?
    var field = Field.absent
    if sources.hasField, exchange.request.block.present.contains(.losantdomain) {
      let answer: DomainTable.Found?? = exchange.withRequest { request in
        request.block.withValue(of: .losantdomain) { $0.isEmpty ? .none : .some(table.look(up: $0)) } ?? .none
      }
      if let answer {
        guard let answer else { return .refused(Refusals.unknownDomain) }
        found = answer.domain
        field = answer.isExactName ? .name : .otherwise
      }
    }
    if sources.hasHost, let domain = exchange.withRequest({ $0.withHostName { table.find($0) } }) {
      if let found, found != domain { return .refused(Refusals.domainMismatch) }
      found = domain
    }
    if sources.hasServerName, let domain = serverName.flatMap(table.find(name:)) {
      if let found, found != domain { return .refused(Refusals.domainMismatch) }
      found = domain
    }
    guard let found else { return .refused(Refusals.unknownDomain) }
    return .found(found, field: field)
  }
}

/// The sources as flags, to be asked for each request.
struct DomainSources: Sendable {
  let hasField: Bool
  let hasHost: Bool
  let hasServerName: Bool

  init(_ sources: [DomainSource]) {
    hasField = sources.contains(.losantdomain)
    hasHost = sources.contains(.host)
    hasServerName = sources.contains(.sni)
  }
}
