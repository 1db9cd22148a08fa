import GatewayKit

/// Establishes who asks like ``AuthenticationFilter``, and settles what the origin learns of it once the exchange is
/// allowed. A filter of its own, so that the request phase costs nothing where the caller's token is passed on.
final class ForwardingFilter: IdentityFilter, RequestFilter {
  private let authentication: AuthenticationFilter
  private let forwarding: Forwarding

  init(_ authentication: AuthenticationFilter, _ forwarding: Forwarding) {
    self.authentication = authentication
    self.forwarding = forwarding
  }

  func identify(_ exchange: Exchange) -> Verdict { authentication.identify(exchange) }

  func request(_ exchange: Exchange) -> Verdict {
    forwarding.apply(to: exchange)
    return .next
  }
}
