/// Names that another server may take for one the gateway judges by: `losant_domain`, `Content_Length`, `ho-st`.
///
/// Some servers map underscores and other marks to hyphens, some drop them. A request that carries such a name is
/// refused, for what the gateway judged and what the origin reads must be the same. Beside them there are names by which
/// proxies tell origins who asks and for what, in whatever spelling: nobody but a proxy has a say there.
enum LookAlikes {
  /// What a name means.
  enum Kind {
    case none
    /// Another server may take it for one that was judged.
    case judged
    /// Proxies say it to origins.
    case forwarding
  }

  /// The judged names without their hyphens, in lower case.
  private static let judged: [StaticString] = [
    "losantdomain", "authorization", "host", "contentlength", "transferencoding", "connection", "te", "trailer",
    "upgrade", "keepalive", "proxyconnection", "proxyauthorization", "expect", "maxforwards", "via", "forwarded",
    "xforwardedfor", "xforwardedproto", "xforwardedhost", "xforwardedport", "xoriginalurl", "xrewriteurl",
    "xhttpmethod", "xhttpmethodoverride", "xmethodoverride", "xrequestid", "cookie", "contenttype", "contentencoding",
    "acceptversion", "cachecontrol", "range",
  ]

  /// The same for names that proxies use, but for those that begin with ``forwarded``.
  private static let forwarding: [StaticString] = [
    "xrealip", "trueclientip", "clientip", "xclientip", "xclusterclientip", "cfconnectingip", "fastlyclientip",
    "xproxyuserip", "xenvoyexternaladdress", "xoriginalforwardedfor", "xoriginalhost", "xoriginaluri", "xoriginalproto",
    "xhost", "xhttphostoverride", "xscheme", "xurlscheme", "frontendhttps",
  ]

  /// What all names that begin with `X-Forwarded` have at their beginning.
  private static let forwarded: StaticString = "xforwarded"

  private static let size = 128

  private struct Place {
    var letters = Letters()
    var kind = Kind.none
  }

  /// An open hash table of the names; an empty place has no letters.
  private static let table: InlineArray<128, Place> = {
    var table = InlineArray<128, Place>(repeating: Place())
    for (names, kind) in [(judged, Kind.judged), (forwarding, .forwarding)] {
      for name in names {
        let letters = name.withUTF8Buffer { Letters(UnsafeRawBufferPointer($0).bytes) }
        var slot = letters.slot
        while table[slot].letters.count != 0 { slot = (slot + 1) & (size - 1) }
        table[slot] = Place(letters: letters, kind: kind)
      }
    }
    return table
  }()

  /// What a name that has no identifier of its own looks like.
  static func kind(of name: RawSpan) -> Kind {
    let letters = Letters(name)
    guard letters.count > 0 else { return .none }
    var slot = letters.slot
    while table[slot].letters.count != 0 {
      if table[slot].letters == letters { return table[slot].kind }
      slot = (slot &+ 1) & (size - 1)
    }
    return begins(name, with: forwarded) ? .forwarding : .none
  }

  /// Whether the first letters and digits are these; mostly the first one tells that they are not.
  private static func begins(_ name: RawSpan, with letters: StaticString) -> Bool {
    letters.withUTF8Buffer { letters in
      var matched = 0
      for offset in 0..<name.byteCount {
        let octet = name[at: offset].lowercasedASCII
        guard octet.isDigit || octet &- 0x61 < 26 else { continue }
        guard letters[matched] == octet else { return false }
        matched &+= 1
        if matched == letters.count { return true }
      }
      return false
    }
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
