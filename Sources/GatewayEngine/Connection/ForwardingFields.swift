import GatewayKit
import HTTPWire
import NIOCore

/// What the gateway tells the origin about the client, and what a client may not say of itself.
enum ForwardingFields {
  /// Fields of the client's that are dropped, since the gateway owns them or origins obey them over what was judged.
  static let owned: FieldIDSet = [
    .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded, .xOriginalURL, .xRewriteURL,
    .xHTTPMethod, .xHTTPMethodOverride, .xMethodOverride,
  ]

  /// Drops what the gateway owns and adds its own fields.
  static func apply(to exchange: Exchange, _ trail: ClientTrail?, domain: DomainResolver.Field) {
    exchange.request.block.remove(owned)
    if let trail {
      trail.withField { exchange.requestAdditions.add(.xForwardedFor, $0) }
    } else {
      exchange.requestAdditions.add(.xForwardedFor, text: exchange.peerAddress)
    }
    exchange.requestAdditions.add(
      lines: exchange.isClientSecure ? "X-Forwarded-Proto: https\r\n" : "X-Forwarded-Proto: http\r\n")
    // Via has the received protocol and a pseudonym (RFC 9110 section 7.6.3).
    let isOld = exchange.request.minorVersion == 0
    exchange.requestAdditions.add(lines: isOld ? "Via: 1.0 gatehouse\r\n" : "Via: 1.1 gatehouse\r\n")
    exchange.withRequest { request in
      request.withAuthority { host in exchange.requestAdditions.add(.xForwardedHost, host) }
    }
    // What was judged already stays as it came. A tenant that was not judged never reaches the origin, which may obey the
    // field.
    if case .name = domain { return }
    exchange.request.block.remove(.losantdomain)
    if case .otherwise = domain, let facts = exchange.domain {
      facts.key.withUnsafeReadableBytes { exchange.requestAdditions.add(.losantdomain, $0) }
    }
  }
}
