/// A set of ASCII characters as two machine words; asking it costs a shift and a mask.
struct OctetSet: Sendable {
  let low: UInt64
  let high: UInt64

  @inline(__always)
  func contains(_ octet: UInt8) -> Bool {
    let word = octet < 64 ? low : high
    return octet < 128 && (word &>> UInt64(octet & 63)) & 1 != 0
  }

  // The numbers are checked by a test against the alphabets of the RFCs.

  /// tchar (RFC 9110 section 5.6.2)
  @inline(__always)
  static var token: OctetSet { OctetSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

  /// unreserved (RFC 3986 section 2.3)
  @inline(__always)
  static var unreserved: OctetSet { OctetSet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

  /// pchar without the percent sign, and the slash (RFC 3986 section 3.3)
  @inline(__always)
  static var path: OctetSet { OctetSet(low: 0x2FFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF) }

  /// What a query may hold, without the percent sign: `path`, `?`, and `[ ] ^ { | }` and the backquote, which real
  /// clients send as they are
  @inline(__always)
  static var query: OctetSet { OctetSet(low: 0xAFFF_FFD2_0000_0000, high: 0x7FFF_FFFF_EFFF_FFFF) }

  /// Letters, digits, `-`, `.`, `_` and `~`: what a registered name in a Host may be made of
  @inline(__always)
  static var hostName: OctetSet { unreserved }
}
