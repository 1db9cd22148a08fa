/// Brings a path into the one form that rules, cache keys and the origin see (RFC 3986 section 6.2.2).
///
/// Dot segments are removed, slashes in a row become one, percent-encoded unreserved characters are decoded and the hex
/// digits of the others are put in upper case. `%2F`, `%5C` and encoded control characters are never decoded; the
/// latter are refused. A path that is already in this form costs one scan and no copy.
public enum PathNormalizer {
  /// Normalises an absolute path.
  /// - Parameters:
  ///   - raw: the path as it was sent, beginning with a slash, without the query.
  ///   - mergeSlashes: whether several slashes in a row count as one.
  ///   - out: receives the normal form when it differs; its capacity is kept.
  /// - Returns: whether the normal form differs from what was sent.
  public static func normalize(
    _ raw: UnsafeRawBufferPointer, mergeSlashes: Bool = true, into out: inout [UInt8]
  ) throws(WireError) -> Bool {
    try normalize(raw.bytes, mergeSlashes: mergeSlashes, into: &out)
  }

  static func normalize(_ raw: RawSpan, mergeSlashes: Bool, into out: inout [UInt8]) throws(WireError) -> Bool {
    guard raw.byteCount > 0, raw[at: 0] == 0x2F else { throw WireError(.pathInvalid) }
    if !out.isEmpty { out.removeAll(keepingCapacity: true) }
    if isPlainByWords(raw, mergeSlashes: mergeSlashes) { return false }
    if try isPlain(raw, mergeSlashes: mergeSlashes) { return false }
    try decode(raw, into: &out)
    try removeDotSegments(&out, mergeSlashes: mergeSlashes)
    return !raw.equals(out)
  }

  /// The same for a path of at least a word made of common characters only; false says nothing.
  @inline(__always)
  private static func isPlainByWords(_ raw: RawSpan, mergeSlashes: Bool) -> Bool {
    let last = raw.byteCount &- 8
    guard last >= 0 else { return false }
    var offset = 0
    while true {
      let word = raw.word(checked: offset)
      let previous = offset > 0 ? raw.byte(checked: offset &- 1) : 0
      guard Word.isPlainPath(word), Word.slashPairs(word, after: previous, mergeSlashes: mergeSlashes) == 0 else {
        return false
      }
      if offset == last { return true }
      // The last word may overlap the one before.
      offset = min(offset &+ 8, last)
    }
  }

  /// Whether nothing in the path could need a change: no percent sign, no dot after a slash, no slash after a slash.
  @inline(__always)
  private static func isPlain(_ raw: RawSpan, mergeSlashes: Bool) throws(WireError) -> Bool {
    var isPlain = true
    var previous: UInt8 = 0
    var offset = 0
    while offset < raw.byteCount {
      let octet = raw[at: offset]
      if octet == 0x25 {
        isPlain = false
      } else {
        guard OctetSet.path.contains(octet) else { throw WireError(.pathInvalid) }
        if previous == 0x2F, octet == 0x2E || (octet == 0x2F && mergeSlashes) { isPlain = false }
      }
      previous = octet
      offset &+= 1
    }
    return isPlain
  }

  private static func decode(_ raw: RawSpan, into out: inout [UInt8]) throws(WireError) {
    var offset = 0
    while offset < raw.byteCount {
      let octet = raw[at: offset]
      guard octet == 0x25 else {
        out.append(octet)
        offset += 1
        continue
      }
      guard offset + 2 < raw.byteCount, let high = raw[at: offset + 1].hexValue, let low = raw[at: offset + 2].hexValue
      else { throw WireError(.pathPercentInvalid) }
      let value = high << 4 | low
      guard value >= 0x20, value != 0x7F else { throw WireError(.pathControl) }
      if OctetSet.unreserved.contains(value) {
        out.append(value)
      } else {
        out.append(0x25)
        out.append(Self.hexDigit(high))
        out.append(Self.hexDigit(low))
      }
      offset += 3
    }
  }

  @inline(__always)
  private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x37 }

  /// Segment by segment, in place: what is written is never longer than what was read.
  private static func removeDotSegments(_ path: inout [UInt8], mergeSlashes: Bool) throws(WireError) {
    var read = 0
    var write = 0
    while read < path.count {
      let start = read + 1
      var end = start
      while end < path.count, path[end] != 0x2F { end += 1 }
      let isLast = end == path.count
      switch try kind(of: path[start..<end]) {
      case .empty where mergeSlashes && !isLast: break
      case .here:
        if isLast { write = append(0x2F, to: &path, at: write) }
      case .up:
        guard write > 0 else { throw WireError(.pathAboveRoot) }
        repeat { write -= 1 } while path[write] != 0x2F
        if isLast { write = append(0x2F, to: &path, at: write) }
      case .name, .empty:
        for index in read..<end { write = append(path[index], to: &path, at: write) }
      }
      read = end
    }
    path.removeLast(path.count - write)
  }

  @inline(__always)
  private static func append(_ octet: UInt8, to path: inout [UInt8], at index: Int) -> Int {
    path[index] = octet
    return index + 1
  }
}
