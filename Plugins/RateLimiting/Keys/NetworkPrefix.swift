#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An address as limits count it, by its prefix: of IPv6 one customer usually has a whole /64.
struct NetworkPrefix: Equatable {
  /// 4 or 6.
  let family: UInt8
  let high: UInt64
  let low: UInt64

  /// Nil when the text is no address.
  init?(_ text: String, ipv4Prefix: Int = 32, ipv6Prefix: Int) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self.init(ipv4: UInt32(bigEndian: four.s_addr), prefix: ipv4Prefix)
      return
    }
    // A scope (`fe80::1%eth0`) names the gateway's interface, not the peer.
    var six = in6_addr()
    let address = text.utf8.firstIndex(of: UInt8(ascii: "%")).map { String(text[..<$0]) } ?? text
    guard inet_pton(AF_INET6, address, &six) == 1 else { return nil }
    let (high, low) = withUnsafeBytes(of: six) { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    // ::ffff:192.0.2.1 is the IPv4 address it maps (RFC 4291 section 2.5.5.2).
    if high == 0, low >> 32 == 0xFFFF {
      self.init(ipv4: UInt32(truncatingIfNeeded: low), prefix: ipv4Prefix)
    } else {
      self.init(
        family: 6, high: high & Self.mask(ipv6Prefix), low: low & Self.mask(ipv6Prefix - 64))
    }
  }

  private init(ipv4 address: UInt32, prefix: Int) {
    self.init(family: 4, high: 0, low: UInt64(address) & (0xFFFF_FFFF << UInt64(32 - min(max(prefix, 0), 32))))
  }

  private init(family: UInt8, high: UInt64, low: UInt64) {
    self.family = family
    self.high = high
    self.low = low
  }

  /// The first `bits` bits of a word; none for less than 1, all for more than 63.
  private static func mask(_ bits: Int) -> UInt64 {
    bits <= 0 ? 0 : bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
  }
}
