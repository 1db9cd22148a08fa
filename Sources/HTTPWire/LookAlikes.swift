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
    "xhttpmethodoverride", "xmethodoverride", "xrequestid", "cookie", "contenttype", "contentencoding",
    "acceptversion", "cachecontrol", "range",
  ]

  /// Whether a name that has no identifier of its own looks like a judged one.
  static func contains(_ name: RawSpan) -> Bool {
    let letters = Letters(name)
    guard letters.count <= 19, sketch.contains(letters.sketch) else { return false }
    return judged.contains { other in
      other.withUTF8Buffer { Letters(UnsafeRawBufferPointer($0).bytes) == letters }
    }
  }

  /// Last letters and lengths of the judged names, to be done with most names at once.
  private static let sketch = judged.reduce(into: Sketch()) { sketch, name in
    name.withUTF8Buffer { sketch.insert(Letters(UnsafeRawBufferPointer($0).bytes).sketch) }
  }

  /// A set of numbers below 1024 that says yes too often, never no.
  private struct Sketch {
    private var words = InlineArray<16, UInt64>(repeating: 0)

    mutating func insert(_ number: Int) { words[(number &>> 6) & 15] |= 1 &<< UInt64(number & 63) }

    func contains(_ number: Int) -> Bool { words[(number &>> 6) & 15] &>> UInt64(number & 63) & 1 != 0 }
  }

  /// The last 24 letters and digits of a name in lower case, and how many there are.
  private struct Letters: Equatable {
    private(set) var count = 0
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0

    init(_ name: RawSpan) {
      for offset in 0..<name.byteCount {
        let octet = name[at: offset].lowercasedASCII
        guard octet.isDigit || octet &- 0x61 < 26 else { continue }
        third = third &<< 8 | second &>> 56
        second = second &<< 8 | first &>> 56
        first = first &<< 8 | UInt64(octet)
        count &+= 1
      }
    }

    /// Five bits of the last letter and five of the length.
    var sketch: Int { Int(first & 31) &<< 5 | (count & 31) }
  }
}
