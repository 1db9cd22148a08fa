/// Eight bytes at a time in one machine word.
enum Word {
  @inline(__always)
  static func repeating(_ octet: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(octet) }

  /// The high bit of the first byte that is zero; bits above that one mean nothing.
  @inline(__always)
  static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// Whether a byte is below a blank or DEL.
  @inline(__always)
  static func hasControl(_ word: UInt64) -> Bool {
    let belowBlank = (word &- repeating(0x20)) & ~word & 0x8080_8080_8080_8080
    return belowBlank | zeroBytes(word ^ repeating(0x7F)) != 0
  }

  /// Whether eight bytes are all characters of a query other than the percent sign.
  @inline(__always)
  static func isPlainQuery(_ word: UInt64) -> Bool {
    let upToBlank = (word &- repeating(0x21)) | word
    let quoteOrHash = zeroBytes((word & repeating(0xFE)) ^ repeating(0x22))
    let angles = zeroBytes((word & repeating(0xFD)) ^ repeating(0x3C))
    let percent = zeroBytes(word ^ repeating(0x25))
    let backslash = zeroBytes(word ^ repeating(0x5C))
    let delete = zeroBytes(word ^ repeating(0x7F))
    return (upToBlank | quoteOrHash | angles | percent | backslash | delete) & 0x8080_8080_8080_8080 == 0
  }

  /// Whether two words are equal when the case of the letters in `known` does not count. `known` must hold letters,
  /// digits and hyphens only: its letters are the bytes with the bit 0x40.
  @inline(__always)
  static func equalIgnoringCase(_ word: UInt64, known: UInt64) -> Bool {
    let caseBits = (known & 0x4040_4040_4040_4040) &>> 1
    return (word ^ known) & ~caseBits == 0
  }

  /// Eight bytes with ASCII letters in lower case.
  @inline(__always)
  static func lowercased(_ word: UInt64) -> UInt64 {
    let ascii = word & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = ascii &+ repeating(0x80 - 0x41)
    let aboveZ = ascii &+ repeating(0x80 - 0x5B)
    let upper = fromA & ~aboveZ & ~word & 0x8080_8080_8080_8080
    return word | (upper &>> 2)
  }
}
