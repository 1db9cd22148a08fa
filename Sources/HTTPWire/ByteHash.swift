/// A seeded hash of bytes for tables whose keys a peer chooses: eight bytes a step, each folded in by a full
/// multiplication. Tables compare their keys in full as well; the seed must not be known to peers.
public enum ByteHash {
  private static var first: UInt64 { 0x9E37_79B9_7F4A_7C15 }
  private static var second: UInt64 { 0xD1B5_4A32_D192_ED03 }

  /// The hash of the bytes as they are.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    hash(bytes.bytes, seed: seed) { $0 }
  }

  /// The hash of the bytes with ASCII letters in lower case.
  public static func hashLowercased(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    hash(bytes.bytes, seed: seed) { Word.lowercased($0) }
  }

  @inline(__always)
  private static func hash(_ bytes: RawSpan, seed: UInt64, _ fold: (UInt64) -> UInt64) -> UInt64 {
    let count = bytes.byteCount
    var state = seed ^ mix(UInt64(truncatingIfNeeded: count) ^ first, second)
    var offset = 0
    while offset &+ 8 <= count {
      state = mix(state ^ fold(bytes.word(at: offset)), first)
      offset &+= 8
    }
    if offset < count {
      var rest: UInt64 = 0
      while offset < count {
        rest = rest &<< 8 | UInt64(bytes[at: offset])
        offset &+= 1
      }
      state = mix(state ^ fold(rest) ^ second, first)
    }
    return mix(state ^ second, seed ^ first)
  }

  /// Both halves of the product, so that every bit of one factor reaches every bit of the result.
  @inline(__always)
  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
