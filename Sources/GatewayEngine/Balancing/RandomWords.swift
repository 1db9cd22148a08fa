/// Further words from one that is random, and the mixing of a word whose bits are not.
struct RandomWords {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mix(state)
  }

  /// The fractional part of the golden ratio: multiples of it never come close to each other.
  static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A permutation of all words in which each bit hangs on each (the finaliser of SplitMix64).
  @inline(__always)
  static func mix(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word &>> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word &>> 31)
  }
}
