import GatewayKit
import HTTPWire
import NIOCore

/// Makes the key under which answers to a request are kept: length-prefixed parts, so that no request can be spelled to
/// look like another, and made of what was judged: the domain, the caller's class, the normalised path.
struct CacheKeyBuilder {
  private let share: CacheSettings.Share
  private let fields: FieldSelection
  private let parameters: [[UInt8]]?
  private(set) var bytes = ByteBuffer()

  init(_ settings: CacheSettings) {
    share = settings.share
    fields = FieldSelection(settings.headers)
    parameters = settings.query?.map { Array($0.utf8) }
  }

  /// Fills ``bytes``; false when the request belongs to no class, because the class is made of an identity and there is
  /// none.
  mutating func make(_ exchange: Exchange, _ domain: DomainFacts) -> Bool {
    bytes.clear()
    domain.key.withUnsafeReadableBytes { append($0) }
    guard appendClass(exchange.identity) else { return false }
    let request = exchange.request
    // The origin sees the scheme and whether the domain was named.
    let isNamed = request.block.withValue(of: .losantdomain) { !$0.isEmpty } ?? false
    bytes.writeInteger(UInt8(exchange.isSecure ? 1 : 0) | (isNamed ? 2 : 0) | (request.hasQuery ? 4 : 0))
    request.withAuthority { append($0) }
    request.withPath { append($0) }
    let place = bytes.writerIndex
    bytes.writeInteger(UInt32(0))
    _ = request.withQuery { appendQuery($0) }
    bytes.setInteger(UInt32(truncatingIfNeeded: bytes.writerIndex - place - 4), at: place)
    fields.writeValues(of: request.block, into: &bytes)
    return true
  }

  private mutating func append(_ part: UnsafeRawBufferPointer) {
    bytes.writeInteger(UInt32(truncatingIfNeeded: part.count))
    bytes.writeBytes(part)
  }

  private mutating func appendClass(_ identity: Identity?) -> Bool {
    switch share {
    case .public:
      bytes.writeInteger(UInt8(1))
    case .domain:
      // What was fetched with a token is not for those who have none.
      bytes.writeInteger(UInt8(identity == nil ? 2 : 3))
    case .scopes:
      guard let words = identity?.scopesFingerprint.words else { return false }
      bytes.writeMultipleIntegers(UInt8(4), words.0, words.1, words.2, words.3)
    case .token:
      guard let words = identity?.fingerprint.words else { return false }
      bytes.writeMultipleIntegers(UInt8(5), words.0, words.1, words.2, words.3)
    }
    return true
  }
}

// MARK: - Query

extension CacheKeyBuilder {
  private mutating func appendQuery(_ query: UnsafeRawBufferPointer) {
    guard let parameters else {
      bytes.writeBytes(query)
      return
    }
    for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true)
    where !Self.mayBeLeftOut(part, parameters) {
      bytes.writeInteger(UInt32(truncatingIfNeeded: part.count))
      bytes.writeBytes(part)
    }
  }

  /// A parameter that is not named is left out only when no origin can read a named one in it: its name means itself
  /// and is no other spelling of a named one, and its value holds no other separator.
  private static func mayBeLeftOut(_ part: Slice<UnsafeRawBufferPointer>, _ parameters: [[UInt8]]) -> Bool {
    let end = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
    let name = part[..<end]
    guard name.allSatisfy({ OctetClass.isPlain($0) }) else { return false }
    if parameters.contains(where: { OctetClass.equalIgnoringCase($0, name) }) { return false }
    return !part.contains(UInt8(ascii: ";"))
  }
}
