import GatewayKit
import HTTPWire
import NIOCore

/// Makes the key of an exchange: the rule and what was judged, each part with a tag and its length, hashed.
///
/// The identity's fingerprint counts, never a field as the client spelled it: `bEaReR` and two blanks are no new caller.
struct RateLimitKey: ~Copyable {
  private let parts: [RateLimitSettings.Part]
  private let missing: RateLimitSettings.Missing
  private let ipv6Prefix: Int
  private let digest: KeyDigest
  /// The rule, so that one store can serve many.
  private let prefix: [UInt8]
  private var bytes = KeyBytes()

  init(_ settings: RateLimitSettings, digest: KeyDigest) {
    parts = settings.key
    missing = settings.missing
    ipv6Prefix = settings.ipv6Prefix
    self.digest = digest
    var prefix = KeyBytes()
    for text in [settings.name] + settings.key.map(\.rawValue) {
      Array(text.utf8).withUnsafeBytes { prefix.append(part: $0) }
    }
    prefix.append(UInt64(bitPattern: settings.rule.interval))
    prefix.append(UInt64(bitPattern: settings.rule.burst))
    prefix.append(UInt64(settings.ipv6Prefix))
    self.prefix = prefix.withBytes { Array($0) }
  }

  enum Result {
    case key(LimitKey)
    /// A part is missing and the rule is to be skipped.
    case skip
    /// A part is missing and the request is to be refused.
    case deny
  }

  mutating func make(_ exchange: Exchange) -> Result {
    bytes.reset()
    prefix.withUnsafeBytes { bytes.append(raw: $0) }
    for part in parts where !append(part, exchange) {
      switch missing {
      case .skip: return .skip
      case .deny: return .deny
      case .constant: bytes.append(Self.absent)
      }
    }
    return .key(bytes.withBytes { digest.key($0) })
  }

  // What precedes a part: none of them can be taken for another.
  private static let absent: UInt8 = 0
  private static let present: UInt8 = 1
  private static let otherMethod: UInt8 = 2

  /// Appends a part; false, and nothing is appended, when the exchange has nothing for it.
  private mutating func append(_ part: RateLimitSettings.Part, _ exchange: Exchange) -> Bool {
    switch part {
    case .domain:
      guard let domain = exchange.domain else { return false }
      domain.key.withUnsafeReadableBytes { append($0) }
    case .token:
      guard let identity = exchange.identity else { return false }
      bytes.append(Self.present)
      bytes.append(identity.fingerprint)
    case .subject: return appendSubject(exchange.identity)
    case .route: return append(exchange.route?.pattern)
    case .operation: return append(exchange.operation?.id)
    case .method: appendMethod(exchange.request)
    case .address: return appendAddress(exchange.peerAddress)
    }
    return true
  }

  private mutating func append(_ part: UnsafeRawBufferPointer) {
    bytes.append(Self.present)
    bytes.append(part: part)
  }

  private mutating func append(_ text: String?) -> Bool {
    guard var text, !text.isEmpty else { return false }
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    return true
  }

  /// A subject is unique at its issuer only (RFC 7519 section 4.1.2).
  private mutating func appendSubject(_ identity: Identity?) -> Bool {
    guard let identity, append(identity.subject) else { return false }
    var issuer = identity.issuer
    issuer.withUTF8 { bytes.append(part: UnsafeRawBufferPointer($0)) }
    return true
  }

  /// A client can make up methods without end, so all that are unknown are one.
  private mutating func appendMethod(_ request: RequestHead) {
    if request.method == .other { return bytes.append(Self.otherMethod) }
    request.withMethodName { append($0) }
  }

  private mutating func appendAddress(_ text: String) -> Bool {
    guard let address = NetworkPrefix(text, ipv6Prefix: ipv6Prefix) else { return append(text) }
    bytes.append(address.family)
    bytes.append(address.high)
    bytes.append(address.low)
    return true
  }
}
