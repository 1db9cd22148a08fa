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
  static func apply(to exchange: Exchange, domain: DomainResolver.Field) {
    exchange.request.block.remove(owned)
    exchange.requestAdditions.add(.xForwardedFor, text: exchange.peerAddress)
    let lines = exchange.isSecure ? secure : plain
    exchange.requestAdditions.add(rendered: exchange.request.minorVersion == 0 ? lines.old : lines.current)
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

  private static let plain = lines("http")
  private static let secure = lines("https")

  /// The lines that are the same for all requests of a version. Via has the received protocol and a pseudonym (RFC 9110
  /// section 7.6.3).
  private static func lines(_ scheme: String) -> (current: ByteBuffer, old: ByteBuffer) {
    let proto = "X-Forwarded-Proto: \(scheme)\r\n"
    return (
      ByteBuffer(string: proto + "Via: 1.1 gatehouse\r\n"), ByteBuffer(string: proto + "Via: 1.0 gatehouse\r\n")
    )
  }
}
