import GatewayKit

/// An upstream, compiled; what its pools on all loops share.
struct UpstreamPlan: Sendable {
  let configuration: UpstreamConfiguration
  /// Each loop takes a copy with turns of its own.
  let balancer: LoadBalancer
  /// By which terms the domains share its connections.
  let fair: FairTerms
  /// Answers with these say that the endpoint cannot serve, so they count as failures of it.
  static let failureStatuses: ClosedRange<UInt16> = 502...504
  /// Answers after which a request is tried elsewhere.
  let retryStatuses: StatusSet
  /// What TLS connections to its endpoints are made with; nil when no endpoint wants TLS.
  let tls: ReloadableTLS<ClientTLSMaterial>?

  /// For connections to each endpoint that fail: as many as there are requests may, all for the same reason.
  let failureLogs: [LogInterval]

  init(_ configuration: UpstreamConfiguration, fair: FairTerms, tls: ReloadableTLS<ClientTLSMaterial>?) {
    self.configuration = configuration
    self.fair = fair
    self.tls = tls
    failureLogs = configuration.endpoints.map { _ in LogInterval(.seconds(10)) }
    balancer = LoadBalancer(configuration)
    retryStatuses = StatusSet(codes: configuration.retry.statuses)
  }
}
