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

  /// The lines that are the same for all requests of one version on a connection. Via has the received protocol and a
  /// pseudonym (RFC 9110 section 7.6.3).
  static func lines(_ exchange: Exchange) -> ByteBuffer {
    let scheme = exchange.isSecure ? "https" : "http"
    let version = "1.\(exchange.request.minorVersion)"
    return ByteBuffer(
      string:
        "X-Forwarded-For: \(exchange.peerAddress)\r\nX-Forwarded-Proto: \(scheme)\r\nVia: \(version) gatehouse\r\n")
  }

  /// Drops what the gateway owns and adds its own fields.
  static func apply(to exchange: Exchange, lines: ByteBuffer, domain: DomainFacts?) {
    exchange.request.block.remove(owned)
    exchange.requestAdditions.add(rendered: lines)
    exchange.withRequest { request in
      request.withAuthority { host in exchange.requestAdditions.add(.xForwardedHost, host) }
    }
    // A tenant that was not judged never reaches the origin, which may obey the field.
    exchange.request.block.remove(.losantdomain)
    if let domain {
      domain.key.withUnsafeReadableBytes { exchange.requestAdditions.add(.losantdomain, $0) }
    }
  }

}
