/// Reads the trailer section of a chunked message (RFC 9112 section 7.1.2) byte by byte and keeps nothing of it.
///
/// Trailers are dropped as a whole: framing, routing and credential fields must not come this late (RFC 9110 section
/// 6.5.1), and nobody behind us waits for the others.
struct TrailerReader: Sendable {
  private enum Place: Sendable {
    case lineStart, name, value, lineFeed, lastFeed
  }

  private let limits: WireLimits
  private var place = Place.lineStart
  private var count = 0
  private var size = 0

  init(limits: WireLimits) { self.limits = limits }

  /// Takes the next byte after the last chunk's line; true when it ends the message.
  mutating func take(_ octet: UInt8) throws(WireError) -> Bool {
    size += 1
    guard size <= limits.maxTrailerBytes + 2 else { throw WireError(.trailerTooLarge) }
    switch place {
    case .lineStart: try beginLine(octet)
    case .name:
      if octet == 0x3A {
        place = .value
      } else {
        try require(OctetSet.token.contains(octet))
      }
    case .value:
      if octet == 0x0D {
        place = .lineFeed
      } else {
        try require((octet >= 0x20 && octet != 0x7F) || octet == 0x09)
      }
    case .lineFeed:
      try require(octet == 0x0A)
      place = .lineStart
    case .lastFeed:
      try require(octet == 0x0A)
      return true
    }
    return false
  }

  private mutating func beginLine(_ octet: UInt8) throws(WireError) {
    if octet == 0x0D {
      place = .lastFeed
      return
    }
    try require(OctetSet.token.contains(octet))
    count += 1
    guard count <= limits.maxFields else { throw WireError(.trailerTooLarge) }
    place = .name
  }

  private func require(_ isRight: Bool) throws(WireError) {
    guard isRight else { throw WireError(.trailerInvalid) }
  }
}
