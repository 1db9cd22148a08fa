/// A set of status codes, asked per response: three digits, so a bit each.
struct StatusSet: Sendable, Equatable {
  /// The codes there can be (RFC 9110, section 15).
  static let range = 100...599

  /// Empty when the set is.
  private var words: [UInt64] = []

  init() {}

  /// All codes of the ranges; what is no status code is left out.
  init(_ ranges: [ClosedRange<Int>]) {
    for range in ranges where range.overlaps(Self.range) {
      for code in range.clamped(to: Self.range) { insert(code) }
    }
  }

  /// These codes; what is no status code is left out.
  init(codes: [Int]) {
    for code in codes where Self.range.contains(code) { insert(code) }
  }

  var isEmpty: Bool { words.isEmpty }

  func contains(_ code: Int) -> Bool {
    guard !words.isEmpty, Self.range.contains(code) else { return false }
    return words[code &>> 6] &>> UInt64(code & 63) & 1 == 1
  }

  private mutating func insert(_ code: Int) {
    if words.isEmpty { words = Array(repeating: 0, count: Self.range.upperBound / 64 + 1) }
    words[code &>> 6] |= 1 &<< UInt64(code & 63)
  }
}
