/// The place of a waiting domain in the order of turns: by what it would hold with one slot more, for its weight. One that
/// holds none comes before all others.
struct Turn: Comparable {
  private let share: Int
  private let weight: Int
  private let turn: UInt64

  /// - Parameter turn: when it began to wait or had its last turn; the earlier one comes first among equals.
  init(held: Int, weight: Int, turn: UInt64) {
    share = held == 0 ? 0 : held + 1
    self.weight = weight
    self.turn = turn
  }

  static func < (left: Turn, right: Turn) -> Bool {
    let (one, other) = (left.share * right.weight, right.share * left.weight)
    return one == other ? left.turn < right.turn : one < other
  }
}

/// What a domain holds and waits for together, for its weight. The heaviest comes first.
struct Load: Comparable {
  let count: Int
  let weight: Int

  static func < (left: Load, right: Load) -> Bool { left.count * right.weight > right.count * left.weight }

  /// Whether they are as heavy as each other.
  static func == (left: Load, right: Load) -> Bool { left.count * right.weight == right.count * left.weight }
}
