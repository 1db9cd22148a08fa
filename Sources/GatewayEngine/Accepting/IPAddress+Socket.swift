import CEpoll
import GatewayKit
import Glibc

extension IPAddress {
  /// The host part of a socket's address; nil for families other than IPv4 and IPv6.
  init?(_ address: sockaddr_storage) {
    let host: IPAddress? = withUnsafeBytes(of: address) { bytes in
      switch CInt(address.ss_family) {
      case AF_INET:
        IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
      case AF_INET6:
        withUnsafeBytes(of: bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr) {
          IPAddress(v6: UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)))
        }
      default: nil
      }
    }
    guard let host else { return nil }
    self = host
  }
}
