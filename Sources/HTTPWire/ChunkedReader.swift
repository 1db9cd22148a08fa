import NIOCore

/// Reads the chunked transfer coding (RFC 9112 section 7.1), one state per place in the grammar.
///
/// Bytes of chunk heads and trailers are taken out of the buffer as they are read, so nothing is scanned twice and
/// nothing piles up. The grammar is taken at its word: no blanks, CR LF exactly, at most 16 hex digits.
struct ChunkedReader: Sendable {
  private enum Place: Sendable {
    case size, extensions, sizeFeed
    case content, contentReturn, contentFeed
    case trailers
  }

  private let limits: WireLimits
  private var place = Place.size
  private var digits = 0
  private var remaining: UInt64 = 0
  private var extensions = ChunkExtensions()
  private var trailers: TrailerReader
  /// Bytes of chunk heads beyond what their content allows.
  private var overhead = 0
  private var headBytes = 0

  init(limits: WireLimits) {
    self.limits = limits
    trailers = TrailerReader(limits: limits)
  }

  /// The trailer fields that were kept; nil when there are none.
  var trailerBlock: FieldBlock? { trailers.block }

  mutating func next(_ buffer: inout ByteBuffer) throws(WireError) -> BodyEvent {
    while true {
      if place == .content {
        guard let bytes = buffer.readPiece(atMost: remaining) else { return .needMore }
        remaining -= UInt64(bytes.readableBytes)
        if remaining == 0 { place = .contentReturn }
        return .bytes(bytes)
      }
      guard let octet = buffer.readInteger(as: UInt8.self) else { return .needMore }
      if try take(octet) { return .end }
    }
  }

  /// Takes one byte that is not content; true when it was the last one of the message.
  private mutating func take(_ octet: UInt8) throws(WireError) -> Bool {
    switch place {
    case .size: try takeSize(octet)
    case .extensions:
      headBytes += 1
      let length = headBytes - digits - 1
      guard octet == 0x0D || length <= limits.maxChunkExtension else { throw WireError(.chunkExtensionTooLong) }
      if try extensions.take(octet) { place = .sizeFeed }
    case .sizeFeed:
      guard octet == 0x0A else { throw WireError(.chunkSizeInvalid) }
      try beginChunk()
    case .content: break
    case .contentReturn:
      guard octet == 0x0D else { throw WireError(.chunkEndInvalid) }
      place = .contentFeed
    case .contentFeed:
      guard octet == 0x0A else { throw WireError(.chunkEndInvalid) }
      (place, digits, headBytes) = (.size, 0, 0)
    case .trailers: return try trailers.take(octet)
    }
    return false
  }

  private mutating func takeSize(_ octet: UInt8) throws(WireError) {
    headBytes += 1
    if let digit = octet.hexValue {
      digits += 1
      // Sixteen digits fit into 64 bits; the highest bit must stay free, so that sums and signed sizes cannot overflow.
      guard digits <= 16, remaining >> 59 == 0 else { throw WireError(.chunkSizeInvalid) }
      remaining = remaining << 4 | UInt64(digit)
      return
    }
    guard digits > 0 else { throw WireError(.chunkSizeInvalid) }
    switch octet {
    case 0x0D: place = .sizeFeed
    case 0x3B:
      extensions = ChunkExtensions()
      place = .extensions
    default: throw WireError(.chunkSizeInvalid)
    }
  }

  /// The size line is complete. Each chunk has 16 bytes and twice its content for its head; what exceeds that adds up.
  private mutating func beginChunk() throws(WireError) {
    let content = Int(clamping: min(remaining, 1 << 30))
    overhead = max(0, overhead + headBytes + 1 - 16 - 2 * content)
    guard overhead <= limits.maxChunkOverheadBytes else { throw WireError(.chunkOverheadTooLarge) }
    place = remaining == 0 ? .trailers : .content
  }
}
