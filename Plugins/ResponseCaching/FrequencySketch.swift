/// How often keys were asked for that are not kept, about: four counters of four bits for each, shared by hash, of which
/// the least counts. All age by and by, so that what was asked for long ago is forgotten.
struct FrequencySketch: ~Copyable {
  private let words: UnsafeMutablePointer<UInt64>
  private let mask: Int
  /// Additions since the last word was aged.
  private var additions = 0
  /// The word that is aged next.
  private var hand = 0

  static let most = 15
  /// After two and a half additions for every counter all have been halved once.
  private static let additionsPerWord = 40

  /// - Parameter bytes: rounded up to a power of two, since too few counters cost hits.
  init(bytes: Int) {
    var count = 8
    while count < 1 << 21, count * 8 < bytes { count *= 2 }
    mask = count - 1
    words = .allocate(capacity: count)
    words.initialize(repeating: 0, count: count)
  }

  deinit { words.deallocate() }

  /// What it takes.
  var bytes: Int { HeapBytes.of((mask + 1) * MemoryLayout<UInt64>.stride) }

  func estimate(_ hash: UInt64) -> Int {
    var (least, state) = (Self.most, hash)
    for _ in 0..<4 {
      let (word, shift) = place(&state)
      least = min(least, Int(words[word] >> shift & 15))
    }
    return least
  }

  /// Counts so many more, but only where the least stands: the other counters are others' as well.
  mutating func add(_ hash: UInt64, _ times: Int = 1) {
    guard times > 0 else { return }
    let level = UInt64(min(Self.most, estimate(hash) + times))
    var state = hash
    for _ in 0..<4 {
      let (word, shift) = place(&state)
      if words[word] >> shift & 15 < level { words[word] = words[word] & ~(15 << shift) | level << shift }
    }
    additions += times
    while additions >= Self.additionsPerWord {
      additions -= Self.additionsPerWord
      words[hand] = words[hand] >> 1 & 0x7777_7777_7777_7777
      hand = (hand + 1) & mask
    }
  }

  /// The next counter of a hash.
  private func place(_ state: inout UInt64) -> (word: Int, shift: UInt64) {
    state = (state ^ state >> 32) &* 0x9E37_79B9_7F4A_7C15
    return (Int(truncatingIfNeeded: state >> 36) & mask, (state >> 30 & 15) * 4)
  }
}
