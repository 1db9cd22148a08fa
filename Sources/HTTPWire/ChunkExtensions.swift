/// Reads chunk extensions (RFC 9112 section 7.1.1) byte by byte: `;name`, `;name=token`, `;name="text"`. We have no use
/// for any, but what is not understood here could be understood otherwise behind us.
struct ChunkExtensions: Sendable {
  private enum Place: Sendable {
    case nameStart, name, valueStart, token, quoted, escaped, afterQuoted
  }

  private var place = Place.nameStart

  /// Takes the next byte after the first semicolon; true when it was the CR that ends the line.
  mutating func take(_ octet: UInt8) throws(WireError) -> Bool {
    switch place {
    case .nameStart:
      try require(OctetSet.token.contains(octet))
      place = .name
    case .name:
      if octet == 0x3D {
        place = .valueStart
      } else if !OctetSet.token.contains(octet) {
        return try endOfExtension(octet)
      }
    case .valueStart:
      try require(octet == 0x22 || OctetSet.token.contains(octet))
      place = octet == 0x22 ? .quoted : .token
    case .token:
      if !OctetSet.token.contains(octet) { return try endOfExtension(octet) }
    case .quoted:
      try require(Self.isText(octet))
      if octet == 0x22 { place = .afterQuoted }
      if octet == 0x5C { place = .escaped }
    case .escaped:
      try require(Self.isText(octet))
      place = .quoted
    case .afterQuoted: return try endOfExtension(octet)
    }
    return false
  }

  private mutating func endOfExtension(_ octet: UInt8) throws(WireError) -> Bool {
    if octet == 0x0D { return true }
    try require(octet == 0x3B)
    place = .nameStart
    return false
  }

  private func require(_ isRight: Bool) throws(WireError) {
    guard isRight else { throw WireError(.chunkExtensionInvalid) }
  }

  private static func isText(_ octet: UInt8) -> Bool { octet == 0x09 || (octet >= 0x20 && octet < 0x7F) }
}
