/// A whole configuration, read and checked. What plugins' settings mean is checked by the plugins.
package struct GatewayConfiguration: Sendable {
  /// The version of the configuration's language that this code reads.
  package static let version = 1

  /// Where connections are accepted; at least one.
  package var listeners: [ListenerConfiguration]
  /// Where the operators' interface is; nil for none.
  package var admin: AdminConfiguration?
  /// What names the domain of a request, for listeners that do not say it themselves.
  package var domainSources: [DomainSource]
  /// The groups of origin servers; names are unique.
  package var upstreams: [UpstreamConfiguration]
  /// The proxies that are believed about their clients; none of all addresses.
  package var trustedProxies: [IPNetwork] = []
  package var limits: LimitsConfiguration
  /// Whether several slashes in a row count as one in every path.
  package var mergesSlashes = true
  package var timeouts: TimeoutsConfiguration
  package var shutdown: ShutdownConfiguration
  /// The catalogues of operations: name to file.
  package var catalogs: [String: String]
  package var stores: StoresConfiguration
  package var revocations = RevocationsConfiguration()
  package var log: LogConfiguration
  /// What every domain uses unless it says otherwise.
  package var defaults: [UseEntry]
  /// What every domain uses whatever it says.
  package var floor: [UseEntry]
  /// The tenants; no name or host is given twice.
  package var domains: [DomainConfiguration]
  /// Every file that was read, the main one first.
  package var sources: [String]

  package init(
    listeners: [ListenerConfiguration], admin: AdminConfiguration? = nil,
    domainSources: [DomainSource] = [.losantdomain, .host], upstreams: [UpstreamConfiguration],
    limits: LimitsConfiguration = .init(), timeouts: TimeoutsConfiguration = .init(),
    shutdown: ShutdownConfiguration = .init(), catalogs: [String: String] = [:], stores: StoresConfiguration = .init(),
    log: LogConfiguration = .init(), defaults: [UseEntry] = [], floor: [UseEntry] = [],
    domains: [DomainConfiguration], sources: [String] = []
  ) {
    self.listeners = listeners
    self.admin = admin
    self.domainSources = domainSources
    self.upstreams = upstreams
    self.limits = limits
    self.timeouts = timeouts
    self.shutdown = shutdown
    self.catalogs = catalogs
    self.stores = stores
    self.log = log
    self.defaults = defaults
    self.floor = floor
    self.domains = domains
    self.sources = sources
  }
}
