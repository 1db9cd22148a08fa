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
  static func apply(to exchange: Exchange, domain: DomainFacts?) {
    exchange.request.block.remove(owned)
    exchange.requestAdditions.add(.xForwardedFor, text: exchange.peerAddress)
    exchange.requestAdditions.add(rendered: exchange.isSecure ? https : http)
    exchange.request.withAuthority { host in exchange.requestAdditions.add(.xForwardedHost, host) }
    exchange.requestAdditions.add(rendered: exchange.request.minorVersion == 0 ? viaOld : via)
    // A tenant that was not judged never reaches the origin, which may obey the field.
    exchange.request.block.remove(.losantdomain)
    if let domain {
      domain.key.withUnsafeReadableBytes { exchange.requestAdditions.add(.losantdomain, $0) }
    }
  }

  private static let http = ByteBuffer(string: "X-Forwarded-Proto: http\r\n")
  private static let https = ByteBuffer(string: "X-Forwarded-Proto: https\r\n")
  // RFC 9110 section 7.6.3: the received protocol and a pseudonym.
  private static let via = ByteBuffer(string: "Via: 1.1 gatehouse\r\n")
  private static let viaOld = ByteBuffer(string: "Via: 1.0 gatehouse\r\n")
}
