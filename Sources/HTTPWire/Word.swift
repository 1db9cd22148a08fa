/// Eight bytes at a time in one machine word.
enum Word {
  @inline(__always)
  static func repeating(_ octet: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(octet) }

  /// The high bit of the first byte that is zero; bits above that one mean nothing.
  @inline(__always)
  static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// High bits of bytes that are control characters. The lowest bit may be one too many, behind a byte of 0xFF only;
  /// bits above the lowest one mean nothing.
  @inline(__always)
  static func controls(_ word: UInt64) -> UInt64 {
    ((word &- repeating(0x20)) | (word &+ repeating(1))) & ~word & 0x8080_8080_8080_8080
  }

  /// All bits of the bytes that are not zero.
  static func nonzeroBytes(_ word: UInt64) -> UInt64 {
    var bytes: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) where (word >> shift) & 0xFF != 0 { bytes |= 0xFF << shift }
    return bytes
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

  /// High bits of the bytes that are zero; the word must be ASCII.
  @inline(__always)
  static func zeroBytes(ascii word: UInt64) -> UInt64 { ~(word &+ repeating(0x7F)) & 0x8080_8080_8080_8080 }

  /// Whether eight bytes are all letters, digits, `-`, `.`, `/` or `_`: most of what paths are made of.
  @inline(__always)
  static func isPlainPath(_ word: UInt64) -> Bool {
    let ascii = word & 0x7F7F_7F7F_7F7F_7F7F
    let folded = ascii | repeating(0x20)
    let letters = (folded &+ repeating(0x80 - 0x61)) & ~(folded &+ repeating(0x80 - 0x7B))
    let digits = (ascii &+ repeating(0x80 - 0x2D)) & ~(ascii &+ repeating(0x80 - 0x3A))
    let underscores = zeroBytes(ascii: ascii ^ repeating(0x5F))
    return (letters | digits | underscores) & ~word & 0x8080_8080_8080_8080 == 0x8080_8080_8080_8080
  }

  /// High bits of the bytes that are a slash or a dot and follow a slash, in a word of `isPlainPath`.
  /// - Parameters:
  ///   - previous: the byte before the word.
  @inline(__always)
  static func slashPairs(_ word: UInt64, after previous: UInt8, mergeSlashes: Bool) -> UInt64 {
    let slashes = zeroBytes(ascii: word ^ repeating(0x2F))
    let dots = zeroBytes(ascii: word ^ repeating(0x2E))
    let behindSlash = slashes &<< 8 | (previous == 0x2F ? 0x80 : 0)
    return behindSlash & (mergeSlashes ? dots | slashes : dots)
  }

  /// The bits that tell the case of the letters. `known` must hold letters, digits and hyphens only: its letters are the
  /// bytes with the bit 0x40.
  @inline(__always)
  static func caseBits(known: UInt64) -> UInt64 { (known & 0x4040_4040_4040_4040) &>> 1 }

  /// Whether two words are equal when the case of the letters in `known` does not count; see `caseBits`.
  @inline(__always)
  static func equalIgnoringCase(_ word: UInt64, known: UInt64) -> Bool {
    (word ^ known) & ~caseBits(known: known) == 0
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
