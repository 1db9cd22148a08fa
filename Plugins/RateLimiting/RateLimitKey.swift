import GatewayKit
import HTTPWire
import NIOCore

/// Makes the key of an exchange: the rule and what was judged, each part with a tag and its length, hashed.
///
/// The identity's fingerprint counts, never a field as the client spelled it: `bEaReR` and two blanks are no new caller.
struct RateLimitKey {
  private let parts: [RateLimitSettings.Part]
  private let missing: RateLimitSettings.Missing
  private let ipv6Prefix: Int
  private let seeds: (UInt64, UInt64)
  /// The rule, so that one store can serve many.
  private let prefix: ByteBuffer
  private var bytes = ByteBuffer()

  init(_ settings: RateLimitSettings, seeds: (UInt64, UInt64)) {
    parts = settings.key
    missing = settings.missing
    ipv6Prefix = settings.ipv6Prefix
    self.seeds = seeds
    var prefix = ByteBuffer()
    prefix.writeInteger(UInt32(settings.name.utf8.count))
    prefix.writeString(settings.name)
    prefix.writeMultipleIntegers(settings.rule.interval, settings.rule.burst)
    for part in settings.key { prefix.writeString("\(part.rawValue),") }
    self.prefix = prefix
  }

  enum Result {
    case key(LimitKey)
    /// A part is missing and the rule is to be skipped.
    case skip
    /// A part is missing and the request is to be refused.
    case deny
  }

  mutating func make(_ exchange: Exchange) -> Result {
    bytes.clear()
    bytes.writeImmutableBuffer(prefix)
    for part in parts where !append(part, exchange) {
      switch missing {
      case .skip: return .skip
      case .deny: return .deny
      case .constant: bytes.writeInteger(UInt8(0xFF))
      }
    }
    return .key(bytes.withUnsafeReadableBytes { LimitKey(parts: $0, seeds: seeds) })
  }

  /// Appends a part; false, and nothing is appended, when the exchange has nothing for it.
  private mutating func append(_ part: RateLimitSettings.Part, _ exchange: Exchange) -> Bool {
    switch part {
    case .domain:
      guard let domain = exchange.domain else { return false }
      domain.key.withUnsafeReadableBytes { append($0) }
    case .token:
      guard let words = exchange.identity?.fingerprint.words else { return false }
      bytes.writeMultipleIntegers(UInt8(1), UInt32(32), words.0, words.1, words.2, words.3)
    case .subject: return append(exchange.identity?.subject)
    case .route: return append(exchange.route?.pattern)
    case .operation: return append(exchange.operation?.id)
    case .method: exchange.request.withMethodName { append($0) }
    case .address: return appendAddress(exchange.peerAddress)
    }
    return true
  }

  private mutating func append(_ part: UnsafeRawBufferPointer) {
    bytes.writeMultipleIntegers(UInt8(1), UInt32(truncatingIfNeeded: part.count))
    bytes.writeBytes(part)
  }

  private mutating func append(_ text: String?) -> Bool {
    guard let text, !text.isEmpty else { return false }
    bytes.writeMultipleIntegers(UInt8(1), UInt32(truncatingIfNeeded: text.utf8.count))
    bytes.writeString(text)
    return true
  }

  private mutating func appendAddress(_ text: String) -> Bool {
    guard let address = NetworkPrefix(text, ipv6Prefix: ipv6Prefix) else { return append(text) }
    bytes.writeMultipleIntegers(UInt8(1), UInt32(17), address.family, address.high, address.low)
    return true
  }
}
