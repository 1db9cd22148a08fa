#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An IPv4 or IPv6 address as a number, fit for keys and comparisons.
///
/// An IPv4 address that is written in IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is the IPv4 address, so that
/// nobody is two clients. A scope (`fe80::1%eth0`) is no part of an address.
public struct IPAddress: Sendable, Hashable, BitwiseCopyable {
  /// Which version of the protocol an address is of.
  public enum Family: UInt8, Sendable, BitwiseCopyable {
    /// IPv4; 32 bits.
    case v4 = 4
    /// IPv6; 128 bits.
    case v6 = 6

    /// How many bits an address has.
    public var width: Int { self == .v4 ? 32 : 128 }
  }

  /// The version.
  public let family: Family
  /// The first 64 bits of an IPv6 address; 0 for IPv4.
  public let high: UInt64
  /// The last 64 bits of an IPv6 address, or the 32 of an IPv4 address.
  public let low: UInt64

  /// An IPv4 address, its first number in the highest byte.
  public init(v4 bits: UInt32) { self.init(family: .v4, bits: UInt128(bits)) }

  /// An IPv6 address, or the IPv4 address that it maps.
  public init(v6 bits: UInt128) {
    let isMapped = bits >> 32 == 0xFFFF
    self.init(family: isMapped ? .v4 : .v6, bits: isMapped ? bits & 0xFFFF_FFFF : bits)
  }

  /// Reads an address as it is usually written, without port and brackets: `192.0.2.1`, `2001:db8::1`; nil when the bytes
  /// are anything else. Nothing is allocated.
  public init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Self.longestText else { return nil }
    if bytes.contains(UInt8(ascii: ":")) {
      guard let bits = IPAddressText.ipv6(bytes) else { return nil }
      self.init(v6: bits)
    } else {
      guard let bits = IPAddressText.ipv4(bytes) else { return nil }
      self.init(v4: bits)
    }
  }

  /// The same for a text.
  public init?(_ text: String) {
    var text = text
    guard let address = text.withUTF8({ IPAddress(bytes: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = address
  }

  /// The same for the text of a connection's peer, which may have a scope behind a percent sign: that names the gateway's
  /// own interface.
  package init?(peer text: String) {
    self.init(text.utf8.firstIndex(of: UInt8(ascii: "%")).map { String(text[..<$0]) } ?? text)
  }

  /// The address with all bits behind a prefix cleared; a prefix beyond the address's width leaves it whole.
  public func masked(to prefix: Int) -> IPAddress {
    IPAddress(family: family, bits: bits & ~Self.mask(family.width - prefix))
  }

  /// All bits of the address in one number.
  package var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

  /// So many set bits at the end of a number.
  package static func mask(_ count: Int) -> UInt128 {
    count <= 0 ? 0 : count >= 128 ? .max : (1 << UInt128(count)) - 1
  }

  private init(family: Family, bits: UInt128) {
    self.family = family
    high = UInt64(truncatingIfNeeded: bits >> 64)
    low = UInt64(truncatingIfNeeded: bits)
  }
}

// MARK: - Text

extension IPAddress: CustomStringConvertible {
  /// The longest text of an address, in bytes: six groups of hex digits and an IPv4 address.
  package static let longestText = 45

  /// The usual text (RFC 5952 section 4 for IPv6).
  public var description: String { withText { String(decoding: $0, as: UTF8.self) } }

  /// Lends the text; the pointer must not leave the closure. Nothing is allocated.
  package func withText<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.longestText + 1) { text in
      let isWritten =
        switch family {
        case .v4: withUnsafeBytes(of: UInt32(truncatingIfNeeded: low).bigEndian) { Self.write(AF_INET, $0, text) }
        case .v6: withUnsafeBytes(of: bits.bigEndian) { Self.write(AF_INET6, $0, text) }
        }
      let count = isWritten ? text.firstIndex(of: 0) ?? 0 : 0
      return body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<count]))
    }
  }

  private static func write(
    _ family: CInt, _ address: UnsafeRawBufferPointer, _ text: UnsafeMutableBufferPointer<CChar>
  ) -> Bool {
    inet_ntop(family, address.baseAddress, text.baseAddress, socklen_t(text.count)) != nil
  }
}
