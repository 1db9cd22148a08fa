import GatewayKit

/// What the ``LimitScript`` says of one claim, read by the rule that it was judged by.
enum ClaimAnswer {
  /// The decision that six numbers stand for; nil when the script cannot have said so.
  ///
  /// - Parameter wanted: how many units were wanted in advance: no more can have been granted.
  static func decision(_ claim: LimitClaim, wanted: Int64, _ numbers: ArraySlice<Int64>) -> LimitDecision? {
    let base = numbers.startIndex
    let used = numbers[base]
    guard numbers.count == LimitScript.numbersOfClaim, (0...limit).contains(used),
      let first = nanoseconds(numbers[base + 1], numbers[base + 2]),
      (0...max(wanted, 0)).contains(numbers[base + 5])
    else { return nil }
    let cost = max(claim.cost, 0)
    switch claim.rule {
    case .rate(let rate):
      // The script compares as the rule does, so the rule says what became of it, reckoned from now on.
      guard first <= 2 * CellRate.longestTolerance else { return nil }
      var arrival = first
      return rate.judge(&arrival, cost: claim.cost, now: 0, patience: claim.patience)
    case .sliding(let window):
      guard let second = nanoseconds(numbers[base + 3], numbers[base + 4]) else { return nil }
      let retryIn = cost > window.limit ? window.length : second
      return window.decision(cost: cost, used: used, fullIn: first, retryIn: retryIn)
    case .calendar(let window): return window.decision(cost: cost, used: used, left: first)
    case .concurrent(let limit): return LimitRule.decision(concurrent: limit, used: used, cost: claim.cost)
    }
  }

  /// More than the script counts in any state.
  private static let limit: Int64 = 1 << 56

  private static func nanoseconds(_ seconds: Int64, _ rest: Int64) -> Int64? {
    guard (0...(1 << 33)).contains(seconds), (0..<1_000_000_000).contains(rest) else { return nil }
    return seconds &* 1_000_000_000 &+ rest
  }
}
