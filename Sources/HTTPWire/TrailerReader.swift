import NIOCore

/// Reads the trailer section of a chunked message (RFC 9112 section 7.1.2) byte by byte and keeps the fields that may
/// come this late (``TrailerRules``).
///
/// Nothing is allocated for a section that is empty, which nearly all are. What is kept is bounded by the limit of the
/// section.
struct TrailerReader: Sendable {
  private enum Place: Sendable {
    case lineStart, name, value, lineFeed, lastFeed
  }

  private let limits: WireLimits
  private var place = Place.lineStart
  private var count = 0
  private var size = 0
  /// The lines that were kept, and the one that is being read.
  private var lines = ByteBuffer()
  /// Where the line that is being read begins.
  private var lineStart = 0
  private var fields: [Field] = []
  private var present = FieldIDSet()

  init(limits: WireLimits) { self.limits = limits }

  /// What was kept; nil when that is nothing.
  var block: FieldBlock? {
    guard !fields.isEmpty else { return nil }
    var block = FieldBlock()
    block.bytes = lines
    block.fields = fields
    block.present = present
    return block
  }

  /// Takes the next byte after the last chunk's line; true when it ends the message.
  mutating func take(_ octet: UInt8) throws(WireError) -> Bool {
    size += 1
    guard size <= limits.maxTrailerBytes + 2 else { throw WireError(.trailerTooLarge) }
    switch place {
    case .lineStart:
      guard octet != 0x0D else {
        place = .lastFeed
        return false
      }
      try beginLine(octet)
    case .name:
      try require(octet == 0x3A || OctetSet.token.contains(octet))
      if octet == 0x3A { place = .value }
    case .value:
      try require((octet >= 0x20 && octet != 0x7F) || octet == 0x09 || octet == 0x0D)
      if octet == 0x0D { place = .lineFeed }
    case .lineFeed:
      try require(octet == 0x0A)
      place = .lineStart
    case .lastFeed:
      try require(octet == 0x0A)
      return true
    }
    lines.writeInteger(octet)
    if place == .lineStart { try endLine() }
    return false
  }

  private mutating func beginLine(_ octet: UInt8) throws(WireError) {
    try require(OctetSet.token.contains(octet))
    count += 1
    guard count <= limits.maxFields else { throw WireError(.trailerTooLarge) }
    place = .name
  }

  /// A line is whole: its field is noted, or the line is forgotten.
  private mutating func endLine() throws(WireError) {
    guard let field = try Self.allowedField(of: lines.readableBytesSpan, from: lineStart) else {
      lines.moveWriterIndex(to: lineStart)
      return
    }
    lineStart = lines.writerIndex
    present.insert(field.id)
    fields.append(field)
  }

  private static func allowedField(of bytes: RawSpan, from start: Int) throws(WireError) -> Field? {
    do throws(WireError) {
      let field = try FieldLine.parse(bytes, start..<(bytes.byteCount - 2))
      return TrailerRules.allow(field, bytes) ? field : nil
    } catch { throw WireError(.trailerInvalid) }
  }

  private func require(_ isRight: Bool) throws(WireError) {
    guard isRight else { throw WireError(.trailerInvalid) }
  }
}
