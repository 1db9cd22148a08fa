import Glibc

/// Whom a connection counts for: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one address
/// of such a network mostly has all of them.
struct ClientNetwork: Sendable, Hashable {
  /// In the order in which they came, which is of no matter here.
  private var bits: UInt64
  private var isIPv4: Bool

  init(_ peer: sockaddr_storage) { self = withUnsafeBytes(of: peer) { Self(address: $0) } }

  /// - Parameter bytes: a whole `sockaddr_in` or `sockaddr_in6`.
  init(address bytes: UnsafeRawBufferPointer) {
    (bits, isIPv4) = (0, true)
    guard bytes.count >= MemoryLayout<sockaddr_in>.size else { return }
    guard bytes.loadUnaligned(as: sa_family_t.self) == sa_family_t(AF_INET6) else {
      bits = UInt64(bytes.loadUnaligned(fromByteOffset: Self.ipv4Offset, as: UInt32.self))
      return
    }
    guard bytes.count >= MemoryLayout<sockaddr_in6>.size else { return }
    let high = bytes.loadUnaligned(fromByteOffset: Self.ipv6Offset, as: UInt64.self)
    let middle = bytes.loadUnaligned(fromByteOffset: Self.ipv6Offset + 8, as: UInt32.self)
    // IPv4 in IPv6 (RFC 4291 section 2.5.5.2): all clients would count as one else.
    if high == 0, middle == UInt32(0xFFFF).bigEndian {
      bits = UInt64(bytes.loadUnaligned(fromByteOffset: Self.ipv6Offset + 12, as: UInt32.self))
    } else {
      (bits, isIPv4) = (high, false)
    }
  }

  private static let ipv4Offset = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4
  private static let ipv6Offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
}
