// Reading bytes. Every load is bounds-checked, one by one or for a whole range before a loop over it: a mistake here traps
// and never reads what is not ours.

extension RawSpan {
  /// The byte at an offset.
  @inline(__always)
  subscript(at offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

  /// Eight bytes from an offset on, the first one lowest.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Eight bytes from an offset on, as far as they are ours, and zeros behind. There must be eight bytes at least, and
  /// the offset must be one of them.
  @inline(__always)
  func paddedWord(checked offset: Int) -> UInt64 {
    let excess = offset &+ 8 &- byteCount
    if excess <= 0 { return word(checked: offset) }
    return word(checked: byteCount &- 8) &>> UInt64(truncatingIfNeeded: excess &* 8)
  }

  /// The same without conditions, byte by byte.
  func wordOfRest(from offset: Int) -> UInt64 {
    var word: UInt64 = 0
    var index = min(byteCount, offset + 8)
    while index > offset {
      index &-= 1
      word = word &<< 8 | UInt64(self[at: index])
    }
    return word
  }

  /// Traps unless the whole range is ours; the loads below it rely on that.
  @inline(__always)
  private func check(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside of the bytes")
  }

  @inline(__always)
  func byte(checked offset: Int) -> UInt8 { unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func word(checked offset: Int) -> UInt64 {
    UInt64(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  /// Offset of the first such byte in the range, or nil.
  @inline(__always)
  func firstIndex(of octet: UInt8, in range: Range<Int>) -> Int? {
    check(range)
    var offset = range.lowerBound
    let pattern = Word.repeating(octet)
    while offset &+ 8 <= range.upperBound {
      let hits = Word.zeroBytes(word(checked: offset) ^ pattern)
      if hits != 0 { return offset &+ hits.trailingZeroBitCount &>> 3 }
      offset &+= 8
    }
    while offset < range.upperBound {
      if byte(checked: offset) == octet { return offset }
      offset &+= 1
    }
    return nil
  }

  /// Whether the range holds only what a field value may: HTAB, blanks, visible characters and bytes from 0x80 on
  /// (RFC 9110 section 5.5).
  @inline(__always)
  func isFieldValue(_ range: Range<Int>) -> Bool {
    check(range)
    var offset = range.lowerBound
    while offset &+ 8 <= range.upperBound {
      if Word.hasControl(word(checked: offset)), !isFieldValueSlowly(offset..<(offset &+ 8)) { return false }
      offset &+= 8
    }
    return isFieldValueSlowly(offset..<range.upperBound)
  }

  /// Whether the range is a query: characters of `OctetSet.query` and percent signs with two hex digits, but no encoded
  /// NUL.
  @inline(__always)
  func isQuery(_ range: Range<Int>) -> Bool {
    check(range)
    var offset = range.lowerBound
    while offset < range.upperBound {
      if offset &+ 8 <= range.upperBound, Word.isPlainQuery(word(checked: offset)) {
        offset &+= 8
        continue
      }
      let octet = byte(checked: offset)
      let isRight =
        octet == 0x25 ? isPercentEncoded(at: offset, before: range.upperBound) : OctetSet.query.contains(octet)
      guard isRight else { return false }
      offset &+= octet == 0x25 ? 3 : 1
    }
    return true
  }

  @inline(__always)
  private func isFieldValueSlowly(_ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let octet = byte(checked: offset)
      if (octet < 0x20 && octet != 0x09) || octet == 0x7F { return false }
      offset &+= 1
    }
    return true
  }

  /// Whether every byte of the range is in the set.
  @inline(__always)
  func isMade(of set: OctetSet, in range: Range<Int>) -> Bool {
    check(range)
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard set.contains(byte(checked: offset)) else { return false }
      offset &+= 1
    }
    return true
  }

  /// The range without blanks and tabs at its ends (OWS, RFC 9110 section 5.6.3).
  @inline(__always)
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, self[at: start].isBlank { start &+= 1 }
    while start < end, self[at: end &- 1].isBlank { end &-= 1 }
    return start..<end
  }
}

extension UInt8 {
  @inline(__always)
  var isBlank: Bool { self == 0x20 || self == 0x09 }

  @inline(__always)
  var isDigit: Bool { self &- 0x30 < 10 }

  /// The value of a hex digit of either case, or nil.
  @inline(__always)
  var hexValue: UInt8? {
    if isDigit { return self &- 0x30 }
    let letter = (self | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }

  /// ASCII letters in lower case, everything else as it is.
  @inline(__always)
  var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension RawSpan {
  /// Whether a percent sign is followed by two hex digits before the end, which are not those of NUL.
  @inline(__always)
  func isPercentEncoded(at offset: Int, before end: Int) -> Bool {
    guard offset &+ 2 < end, let high = self[at: offset &+ 1].hexValue, let low = self[at: offset &+ 2].hexValue else {
      return false
    }
    return high | low != 0
  }
}
