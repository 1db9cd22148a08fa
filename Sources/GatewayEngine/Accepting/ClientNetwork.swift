import GatewayKit

/// Whom a connection counts for: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one address
/// of such a network mostly has all of them.
struct ClientNetwork: Sendable, Hashable {
  private let bits: UInt64
  private let isIPv4: Bool

  /// - Parameter address: nil for peers that have none, which are one.
  init(_ address: IPAddress?) {
    isIPv4 = address?.family != .v6
    bits = isIPv4 ? address?.low ?? 0 : address?.high ?? 0
  }
}
