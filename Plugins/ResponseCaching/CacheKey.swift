import GatewayKit
import HTTPWire
import NIOCore

/// Makes the key under which answers to a request are kept: length-prefixed parts, so that no request can be spelled to
/// look like another, and made of what was judged: the domain, the rules by which it is kept, the caller's class, the
/// normalised path.
struct CacheKeyBuilder: ~Copyable {
  private let share: CacheSettings.Share
  private let fields: FieldSelection
  private let parameters: [[UInt8]]?
  /// Set in the flags when there is a query, and when only some of its parameters count.
  static let hasQuery: UInt8 = 4
  static let hasParameters: UInt8 = 16
  /// Classes from this one on are followed by a digest.
  static let firstDigestClass: UInt8 = 4
  /// What the settings mean, in 32 bytes.
  private let meaning: Fingerprint
  private(set) var bytes = KeyBytes()

  init(_ settings: CacheSettings) {
    share = settings.share
    fields = FieldSelection(settings.headers)
    parameters = settings.query?.map { Array($0.utf8) }
    meaning = settings.meaning
  }

  /// Fills ``bytes``; false when the request belongs to no class: the class is made of an identity and there is none, or
  /// the request has a credential that only the origin judges.
  mutating func make(_ exchange: Exchange, _ request: RequestHead, _ domain: DomainFacts) -> Bool {
    bytes.reset()
    domain.key.withUnsafeReadableBytes { bytes.append(part: $0) }
    bytes.append(meaning)
    guard appendClass(exchange.identity, exchange.effectiveScopes, request) else { return false }
    // The origin sees the scheme, which is the client's where a trusted proxy names it, and whether the domain was named.
    let isNamed = request.block.withValue(of: .losantdomain) { !$0.isEmpty } ?? false
    let hasQuery = request.hasQuery
    let scheme = (exchange.isSecure ? 1 : 0) | (exchange.isClientSecure ? 8 : 0) as UInt8
    let query = (hasQuery ? Self.hasQuery : 0) | (hasQuery && parameters != nil ? Self.hasParameters : 0)
    bytes.append(scheme | (isNamed ? 2 : 0) | query as UInt8)
    request.withAuthority { bytes.append(part: $0) }
    request.withPath { bytes.append(part: $0) }
    if hasQuery { _ = request.withQuery { appendQuery($0) } }
    fields.writeValues(of: request.block, into: &bytes)
    return true
  }

  private mutating func appendClass(_ identity: Identity?, _ scopes: EffectiveScopes?, _ request: RequestHead) -> Bool {
    switch share {
    case .public:
      bytes.append(1 as UInt8)
    case .domain:
      // What was fetched with a token is not for those who have none, and whether one is good the gateway cannot tell
      // when it has identified nobody.
      if identity == nil, Self.hasCredential(request) { return false }
      bytes.append((identity == nil ? 2 : 3) as UInt8)
    case .scopes:
      guard let identity else { return false }
      // Two kinds of digests, so two tags: what one stands for is never taken for the other.
      bytes.append((scopes == nil ? 4 : 6) as UInt8)
      bytes.append(scopes?.fingerprint ?? identity.scopesFingerprint)
    case .token:
      guard let identity else { return false }
      bytes.append(5 as UInt8)
      bytes.append(identity.fingerprint)
    }
    return true
  }
}

extension CacheKeyBuilder {
  private static func hasCredential(_ request: RequestHead) -> Bool {
    request.block.present.contains(.authorization) || QueryToken.isThere(in: request)
  }
}

// MARK: - Query

extension CacheKeyBuilder {
  private mutating func appendQuery(_ query: UnsafeRawBufferPointer) {
    guard let parameters else { return bytes.append(part: query) }
    let place = bytes.appendCount()
    var count = 0
    for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true)
    where !Self.mayBeLeftOut(part, parameters) {
      bytes.append(part: UnsafeRawBufferPointer(rebasing: part))
      count += 1
    }
    bytes.setCount(count, at: place)
  }

  /// A parameter that is not named is left out only when no origin can read a named one in it: its name means itself
  /// and is no other spelling of a named one, and its value holds no other separator. A credential never is.
  private static func mayBeLeftOut(_ part: Slice<UnsafeRawBufferPointer>, _ parameters: [[UInt8]]) -> Bool {
    let end = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
    let name = part[..<end]
    guard name.allSatisfy({ OctetClass.isPlain($0) }), !QueryToken.isName(name) else { return false }
    if parameters.contains(where: { OctetClass.equalIgnoringCase($0, name) }) { return false }
    return !part.contains(UInt8(ascii: ";"))
  }
}
