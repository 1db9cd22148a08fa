/// The less busy of two endpoints drawn at random, by requests in flight (with the one to come) over weight.
///
/// Two are drawn, not all compared: loops that know only of their own requests would otherwise all run to the same endpoint
/// at the same time. Endpoints are drawn as often as their weights say, so a heavy one among many gets its share.
struct LeastRequests: Sendable {
  private let weights: [Int]
  /// The sums of the weights up to and with each endpoint; empty when all are equal.
  private let sums: [UInt64]

  /// - Parameter weights: each from 1 to a million.
  init(weights: [Int]) {
    self.weights = weights
    var sum: UInt64 = 0
    let sums = weights.map { weight in
      sum += UInt64(weight)
      return sum
    }
    self.sums = Set(weights).count > 1 ? sums : []
  }

  /// There must be a state for each endpoint, and at least one.
  func choose(_ states: [EndpointState], _ admission: Admission, random: UInt64) -> Int? {
    var words = RandomWords(state: random)
    guard let first = draw(states, admission, but: -1, &words) else { return nil }
    guard let second = draw(states, admission, but: first, &words) else { return first }
    return isBusier(first, than: second, states) ? second : first
  }

  /// Compares fractions by their cross products; the bounds keep these within a word.
  private func isBusier(_ index: Int, than other: Int, _ states: [EndpointState]) -> Bool {
    let mine = min(max(states[index].inFlight, 0), 1 << 40) &+ 1
    let theirs = min(max(states[other].inFlight, 0), 1 << 40) &+ 1
    return mine &* weights[other] > theirs &* weights[index]
  }

  /// Draws one that may be chosen: a few times at random among all, which nearly always suffices, and then exactly.
  private func draw(
    _ states: [EndpointState], _ admission: Admission, but taken: Int, _ words: inout RandomWords
  ) -> Int? {
    for _ in 0..<8 {
      let index = drawAny(words.next())
      if index != taken, admission.admits(index, states[index]) { return index }
    }
    var sum: UInt64 = 0
    for index in weights.indices where index != taken && admission.admits(index, states[index]) {
      sum &+= UInt64(weights[index])
    }
    var rest = words.next().multipliedFullWidth(by: sum).high
    for index in weights.indices where index != taken && admission.admits(index, states[index]) {
      let weight = UInt64(weights[index])
      if rest < weight { return index }
      rest &-= weight
    }
    return nil
  }

  /// Draws one of all by the weights. There is at least one.
  private func drawAny(_ word: UInt64) -> Int {
    guard let sum = sums.last else { return Int(word.multipliedFullWidth(by: UInt64(weights.count)).high) }
    let place = word.multipliedFullWidth(by: sum).high
    var low = 0
    var high = sums.count &- 1
    while low < high {
      let middle = (low &+ high) / 2
      if sums[middle] > place { high = middle } else { low = middle &+ 1 }
    }
    return low
  }
}
