/// A set of endpoints by their number in the upstream: those that a request was sent to already.
///
/// The first 64 are bits of one word; only larger numbers need memory. Numbers outside of ``range`` are never members.
struct EndpointSet: Sendable, Equatable {
  /// The numbers that can be members.
  static let range = 0..<1024

  private var first: UInt64 = 0
  /// Words for 64 and above, as many as were needed.
  private var rest: [UInt64] = []

  init() {}

  /// The set of these numbers.
  init(_ members: some Sequence<Int>) {
    for member in members { insert(member) }
  }

  static func == (a: Self, b: Self) -> Bool {
    guard a.first == b.first else { return false }
    let shared = min(a.rest.count, b.rest.count)
    return a.rest.prefix(shared) == b.rest.prefix(shared)
      && a.rest.dropFirst(shared).allSatisfy { $0 == 0 } && b.rest.dropFirst(shared).allSatisfy { $0 == 0 }
  }

  /// Whether nothing is in it.
  var isEmpty: Bool { first == 0 && rest.allSatisfy { $0 == 0 } }

  func contains(_ member: Int) -> Bool {
    if member < 64 { return member >= 0 && first &>> UInt64(member) & 1 == 1 }
    let word = member / 64 - 1
    return word < rest.count && rest[word] &>> UInt64(member % 64) & 1 == 1
  }

  mutating func insert(_ member: Int) {
    guard Self.range.contains(member) else { return }
    if member < 64 {
      first |= 1 &<< UInt64(member)
    } else {
      let word = member / 64 - 1
      while rest.count <= word { rest.append(0) }
      rest[word] |= 1 &<< UInt64(member % 64)
    }
  }

  mutating func removeAll() {
    first = 0
    rest = []
  }
}
