import GatewayKit
import HTTPWire

/// The path that a URI reference of a response means, when it is one of the request's own origin (RFC 3986 section 5.2,
/// RFC 9110 section 4.3.1).
struct SameOriginPath: ~Copyable {
  typealias Text = Slice<UnsafeRawBufferPointer>

  private var normalized: [UInt8] = []
  private var merged: [UInt8] = []

  init() {}

  /// Lends the path in its normal forms, without the query; nothing is called for another origin, another scheme or what
  /// is no reference.
  mutating func with(
    _ reference: UnsafeRawBufferPointer, of exchange: Exchange, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    let end = reference.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? reference.endIndex
    guard let path = Self.path(of: reference[..<end], exchange) else { return }
    // A path that is empty is the request's own.
    guard let first = path.first else { return }
    if first == UInt8(ascii: "/") { return lend(UnsafeRawBufferPointer(rebasing: path), body) }
    merged.removeAll(keepingCapacity: true)
    exchange.request.withPath { merged.append(contentsOf: $0) }
    while let last = merged.last, last != UInt8(ascii: "/") { merged.removeLast() }
    merged.append(contentsOf: path)
    let whole = merged
    whole.withUnsafeBytes { lend($0, body) }
  }

  private mutating func lend(_ path: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    // Whether slashes in a row are one is a setting of the gateway's, so both are meant.
    for mergeSlashes in [true, false] {
      guard let isOther = try? PathNormalizer.normalize(path, mergeSlashes: mergeSlashes, into: &normalized) else {
        return
      }
      if isOther { normalized.withUnsafeBytes { body($0) } } else { body(path) }
    }
  }

  /// What follows the authority; nil when scheme and authority are not the request's.
  private static func path(of reference: Text, _ exchange: Exchange) -> Text? {
    guard let authority = afterScheme(reference, isSecure: exchange.isClientSecure) else { return nil }
    guard authority.starts(with: "//".utf8) else { return authority }
    let rest = authority.dropFirst(2)
    let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    let isOwn = exchange.request.withAuthority { own in
      let port: StaticString = exchange.isClientSecure ? ":443" : ":80"
      return OctetClass.equalIgnoringCase(withoutPort(rest[..<end], port), withoutPort(own[...], port))
    }
    return isOwn ? rest[end...] : nil
  }

  /// Nil when a scheme is there that is not the request's.
  private static func afterScheme(_ reference: Text, isSecure: Bool) -> Text? {
    let end = reference.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") } ?? reference.endIndex
    guard end < reference.endIndex, reference[end] == UInt8(ascii: ":") else { return reference }
    guard OctetClass.equalIgnoringCase(reference[..<end], isSecure ? "https" : "http") else { return nil }
    let rest = reference[(end + 1)...]
    return rest.starts(with: "//".utf8) ? rest : nil
  }

  private static func withoutPort(_ authority: Text, _ usual: StaticString) -> Text {
    let count = usual.utf8CodeUnitCount
    guard authority.count > count, OctetClass.equalIgnoringCase(authority.suffix(count), usual) else {
      return authority
    }
    return authority.dropLast(count)
  }
}
