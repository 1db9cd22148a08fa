/// Names that another server may take for one the gateway judges by: `losant_domain`, `Content_Length`, `ho-st`.
///
/// Some servers map underscores and other marks to hyphens, some drop them. A request that carries such a name is
/// refused, for what the gateway judged and what the origin reads must be the same.
enum LookAlikes {
  /// The judged names without their hyphens, in lower case.
  private static let judged: [StaticString] = [
    "losantdomain", "authorization", "host", "contentlength", "transferencoding", "connection", "te", "trailer",
    "upgrade", "keepalive", "proxyconnection", "proxyauthorization", "expect", "maxforwards", "via", "forwarded",
    "xforwardedfor", "xforwardedproto", "xforwardedhost", "xforwardedport", "xoriginalurl", "xrewriteurl",
    "xhttpmethod", "xhttpmethodoverride", "xmethodoverride", "xrequestid", "cookie", "contenttype", "contentencoding",
    "acceptversion", "cachecontrol", "range",
  ]

  private static let size = 128

  /// An open hash table of the judged names; an empty place has no letters.
  private static let table: InlineArray<128, Letters> = {
    var table = InlineArray<128, Letters>(repeating: Letters())
    for name in judged {
      let letters = name.withUTF8Buffer { Letters(UnsafeRawBufferPointer($0).bytes) }
      var slot = letters.slot
      while table[slot].count != 0 { slot = (slot + 1) & (size - 1) }
      table[slot] = letters
    }
    return table
  }()

  /// Whether a name that has no identifier of its own looks like a judged one.
  static func contains(_ name: RawSpan) -> Bool {
    let letters = Letters(name)
    guard letters.count > 0 else { return false }
    var slot = letters.slot
    while table[slot].count != 0 {
      if table[slot] == letters { return true }
      slot = (slot &+ 1) & (size - 1)
    }
    return false
  }

  /// How many letters and digits a name has, and the last 24 of them in lower case. No judged name is longer.
  private struct Letters: Equatable {
    private(set) var count = 0
    private var last: UInt64 = 0
    private var middle: UInt64 = 0
    private var first: UInt64 = 0

    init() {}

    @inline(__always)
    init(_ name: RawSpan) {
      for offset in 0..<name.byteCount {
        let octet = name[at: offset].lowercasedASCII
        guard octet.isDigit || octet &- 0x61 < 26 else { continue }
        first = first &<< 8 | middle &>> 56
        middle = middle &<< 8 | last &>> 56
        last = last &<< 8 | UInt64(octet)
        count &+= 1
      }
    }

    /// The seven highest bits of a product, which depend on all letters.
    var slot: Int {
      let sum = last ^ (middle &* 0x9E37_79B9_7F4A_7C15) ^ (first &* 0xD1B5_4A32_D192_ED03)
      return Int(truncatingIfNeeded: (sum &* 0x9E37_79B9_7F4A_7C15) &>> 57)
    }
  }
}
