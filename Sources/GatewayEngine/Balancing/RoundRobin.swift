/// Endpoints in turn, as often as their weights say.
///
/// With equal weights a counter walks round. Otherwise each choice raises every endpoint's credit by its weight, takes the
/// one with the most credit and lowers that by the sum of what was given: turns of a heavy endpoint are spread over the
/// round, not bunched. Endpoints that cannot be chosen take no part, so the others share by their weights.
struct RoundRobin: Sendable {
  private let count: Int
  private var next = 0
  /// Empty when all are equal.
  private let weights: [Int]
  private var credits: [Int]

  /// - Parameter weights: each at least 1.
  init(weights: [Int]) {
    count = weights.count
    self.weights = Set(weights).count > 1 ? weights : []
    credits = Array(repeating: 0, count: self.weights.count)
  }

  /// Lets some turns pass.
  mutating func skip(_ turns: Int) {
    guard count > 0, turns > 0 else { return }
    next = turns % count
    // Enough to set loops apart, and soon done for any number.
    for _ in 0..<min(turns % count, 64) {
      var best = Best()
      for index in weights.indices { raise(index, &best) }
      pay(best)
    }
  }

  /// There must be a state for each endpoint.
  mutating func choose(_ states: [EndpointState], _ admission: Admission) -> Int? {
    weights.isEmpty ? chooseEqual(states, admission) : chooseWeighted(states, admission)
  }

  /// The turn goes on behind the chosen one, so nobody gets the turns of one that is left out for his own.
  private mutating func chooseEqual(_ states: [EndpointState], _ admission: Admission) -> Int? {
    var index = next
    for _ in 0..<count {
      if index >= count { index = 0 }
      if admission.admits(index, states[index]) {
        next = index &+ 1
        return index
      }
      index &+= 1
    }
    return nil
  }

  private mutating func chooseWeighted(_ states: [EndpointState], _ admission: Admission) -> Int? {
    var best = Best()
    for index in 0..<count where admission.admits(index, states[index]) { raise(index, &best) }
    return pay(best)
  }
}

extension RoundRobin {
  private struct Best {
    var index = -1
    var credit = Int.min
    var given = 0
  }

  @inline(__always)
  private mutating func raise(_ index: Int, _ best: inout Best) {
    let weight = weights[index]
    let credit = credits[index] &+ weight
    credits[index] = credit
    best.given &+= weight
    if credit > best.credit {
      best.credit = credit
      best.index = index
    }
  }

  @discardableResult
  private mutating func pay(_ best: Best) -> Int? {
    guard best.index >= 0 else { return nil }
    credits[best.index] = best.credit &- best.given
    return best.index
  }
}
