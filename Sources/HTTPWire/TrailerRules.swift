/// Which fields may stand in a trailer section (RFC 9110 section 6.5.1).
///
/// A receiver may merge trailers into the fields of the head, after everybody has judged those. So nothing gets through
/// that frames, routes, authenticates, modifies a request, describes the content, or is judged or set by a gateway:
/// every name that has an identifier, every name that looks like a judged one or is for proxies to say, and the ones
/// listed here. What is left, such as digests, timings and the marks of applications, passes.
enum TrailerRules {
  /// Names without an identifier that must not come this late, in lower case.
  private static let names: [StaticString] = [
    "authentication-info", "http2-settings", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip",
    "x-access-token",
    "jwt", "set-cookie2", "cookie2", "warning", "clear-site-data", "strict-transport-security", "refresh", "link",
    "p3p", "origin", "referer", "from", "dnt", "priority", "prefer", "early-data", "alt-svc", "x-frame-options",
    "x-content-type-options", "x-http-version", "surrogate-control", "cdn-cache-control",
  ]

  /// Beginnings of such names; a digest of the content is the exception.
  private static let prefixes: [StaticString] = [
    "content-", "accept", "access-control-", "if-", "proxy-", "sec-", "x-forwarded", "x-original-", "x-rewrite-",
    "x-accel-", "x-auth",
  ]

  /// Whether a trailer field is passed on. Trailers are rare, so the lists are simply gone through.
  static func allow(_ field: Field, _ bytes: RawSpan) -> Bool {
    let name = bytes.extracting(field.nameOffsets)
    guard field.id == .other, LookAlikes.kind(of: name) == .none else { return false }
    if name.equalsFoldingCase("content-digest") { return true }
    return !names.contains { name.equalsFoldingCase($0) } && !prefixes.contains { name.beginsFoldingCase(with: $0) }
  }
}

extension RawSpan {
  /// Whether the first bytes are those of the text when the case of ASCII letters does not count.
  func beginsFoldingCase(with text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return byteCount >= count && extracting(0..<count).equalsFoldingCase(text)
  }
}
