/// A 256-bit digest that stands for something judged, such as a verified token. It is what composite keys are made of.
public struct Fingerprint: Sendable, Hashable {
  /// The digest's bytes, eight to a word, first byte lowest.
  public let words: (UInt64, UInt64, UInt64, UInt64)

  /// A fingerprint from four words.
  public init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) { words = (a, b, c, d) }

  /// A fingerprint from the first 32 bytes of a digest; missing bytes count as zero.
  public init(digest: some Sequence<UInt8>) {
    var words: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in digest.prefix(32).enumerated() {
      words[index >> 3] |= UInt64(byte) &<< UInt64((index & 7) &* 8)
    }
    self.words = (words[0], words[1], words[2], words[3])
  }

  /// Equal when all 256 bits are.
  @inlinable
  public static func == (a: Self, b: Self) -> Bool { a.words == b.words }

  /// Feeds all words.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }

  /// The first 64 bits as 16 hexadecimal digits: what the log shows in place of a token.
  public var shortText: String { Self.text(of: words.0.byteSwapped) }
}
