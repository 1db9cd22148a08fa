/// A field line in the form that nearly all have: a name, a colon, blanks at most, a value without tabs, CR LF, all of
/// it received. It is read in one pass, eight bytes at a time.
///
/// What is not in this form, be it wrong, unusual or not complete, is left to ``HeadScanner`` and ``FieldLine``, which
/// say what it is. A line is never read as something else here than it is there.
///
/// Loads are unchecked: every offset is at least 0 and was found below `limit`, which is at most the number of bytes,
/// and words are padded where they reach behind the bytes.
struct PlainLine {
  let field: Field
  /// Where the next line begins.
  let next: Int

  /// Adds the fields of the lines from an offset on, as far as they are plain.
  /// - Parameters:
  ///   - limits: where the last line must have ended, and how many fields there may be.
  /// - Returns: where the next line begins.
  @inline(never)
  static func readAll(_ bytes: RawSpan, from start: Int, _ limits: WireLimits, into fields: inout [Field]) -> Int {
    let limit = min(limits.maxHeadBytes, bytes.byteCount)
    guard start >= 0, bytes.byteCount >= 8 else { return start }
    let names = KnownNames.shared
    var room = limits.maxFields &- fields.count
    var next = start
    while room > 0, next < limit, let line = PlainLine(bytes, from: next, limit: limit, names) {
      fields.append(line.field)
      next = line.next
      room &-= 1
    }
    return next
  }

  @inline(__always)
  private init?(_ bytes: RawSpan, from start: Int, limit: Int, _ names: KnownNames) {
    let first = bytes.paddedWord(checked: start)
    guard first & 0xFF != 0x0D, let colon = Self.colon(bytes, start, first), colon < limit else { return nil }
    let id = names.find(bytes, first, start..<colon)
    guard id != .other || Self.isToken(bytes, start..<colon) else { return nil }
    var valueStart = colon &+ 1
    while valueStart < limit, bytes.byte(checked: valueStart) == 0x20 { valueStart &+= 1 }
    guard let end = Self.endOfLine(bytes, valueStart, limit) else { return nil }
    var valueEnd = end
    while valueEnd > valueStart, bytes.byte(checked: valueEnd &- 1) == 0x20 { valueEnd &-= 1 }
    next = end &+ 2
    field = Field(
      nameStart: UInt32(truncatingIfNeeded: start), nameLength: UInt16(truncatingIfNeeded: colon &- start),
      valueStart: UInt32(truncatingIfNeeded: valueStart),
      valueLength: UInt32(truncatingIfNeeded: valueEnd &- valueStart), id: id)
  }

  /// Where the colon behind a name of at most 64 bytes is.
  @inline(__always)
  private static func colon(_ bytes: RawSpan, _ start: Int, _ first: UInt64) -> Int? {
    var word = first
    var offset = start
    while true {
      let hits = Word.zeroBytes(word ^ Word.repeating(0x3A))
      if hits != 0 { return offset &+ hits.trailingZeroBitCount &>> 3 }
      offset &+= 8
      guard offset < bytes.byteCount, offset &- start < 64 else { return nil }
      word = bytes.paddedWord(checked: offset)
    }
  }

  private static func isToken(_ bytes: RawSpan, _ name: Range<Int>) -> Bool {
    !name.isEmpty && bytes.isMade(of: .token, in: name)
  }

  /// Where CR LF are, when no other control character comes before them and both come before the limit.
  @inline(__always)
  private static func endOfLine(_ bytes: RawSpan, _ start: Int, _ limit: Int) -> Int? {
    var offset = start
    while offset &+ 16 <= limit {
      let hits = Word.controls(bytes.word(checked: offset)) | Word.controls(bytes.word(checked: offset &+ 8))
      if hits != 0 { break }
      offset &+= 16
    }
    while offset < limit {
      let hits = Word.controls(bytes.paddedWord(checked: offset))
      if hits != 0 {
        offset &+= hits.trailingZeroBitCount &>> 3
        guard offset &+ 1 < limit, bytes.byte(checked: offset) == 0x0D, bytes.byte(checked: offset &+ 1) == 0x0A else {
          return nil
        }
        return offset
      }
      offset &+= 8
    }
    return nil
  }
}
