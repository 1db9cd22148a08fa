/// Names that another server may take for one the gateway judges by: `losant_domain`, `Content_Length`, `ho-st`.
///
/// Some servers map underscores to hyphens, some drop both. A request that carries such a name is refused, for what the
/// gateway judged and what the origin reads must be the same.
enum LookAlikes {
  /// The judged names without their hyphens, in lower case.
  private static let judged: [StaticString] = [
    "losantdomain", "authorization", "host", "contentlength", "transferencoding", "connection", "te", "trailer",
    "upgrade", "keepalive", "proxyconnection", "proxyauthorization", "expect", "maxforwards", "via", "forwarded",
    "xforwardedfor", "xforwardedproto", "xforwardedhost", "xforwardedport", "xoriginalurl", "xrewriteurl",
    "xhttpmethodoverride", "xmethodoverride", "xrequestid", "cookie", "contenttype", "contentencoding",
    "acceptversion", "cachecontrol", "range",
  ]
  private static let longest = 19

  /// Whether a name that has no identifier of its own looks like a judged one.
  static func contains(_ name: RawSpan) -> Bool {
    var letters = InlineArray<24, UInt8>(repeating: 0)
    var count = 0
    for offset in 0..<name.byteCount {
      let octet = name[at: offset]
      if octet == 0x2D || octet == 0x5F { continue }
      guard count < longest else { return false }
      letters[count] = octet.lowercasedASCII
      count &+= 1
    }
    return judged.contains { $0.utf8CodeUnitCount == count && letters.span.bytes.extracting(first: count).equals($0) }
  }
}
