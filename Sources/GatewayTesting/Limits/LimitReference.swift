import GatewayKit

/// What the rules themselves say, with what was used kept in a dictionary: what every store must say, step by step.
struct LimitReference {
  private enum Kept {
    case rate(Int64)
    case sliding(SlidingRecord)
    case calendar(used: Int64, period: Int64)
    case concurrent(Int64)
  }

  private var kept: [LimitKey: Kept] = [:]

  /// Judges all claims of a request and takes their cost when it is admitted.
  mutating func take(_ claims: [LimitClaim], now: LimitTime) -> (isAdmitted: Bool, decisions: [LimitDecision]) {
    var (decisions, after, isAdmitted) = ([LimitDecision](), [Kept](), true)
    for claim in claims {
      var state = state(of: claim, now)
      let decision = Self.judge(claim, &state, now)
      decisions.append(decision)
      after.append(state)
      if decision.verdict != .admitted, !claim.isShadow { isAdmitted = false }
    }
    guard isAdmitted else { return (false, decisions) }
    for (index, claim) in claims.enumerated() where decisions[index].verdict == .admitted {
      kept[claim.key] = after[index]
    }
    return (true, decisions)
  }

  /// Moves what is used without judging.
  mutating func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) {
    kept[claim.key] =
      switch (claim.rule, state(of: claim, now)) {
      case (.rate(let rate), .rate(var arrival)):
        {
          rate.adjust(&arrival, by: units, now: now.monotonic)
          return .rate(arrival)
        }()
      case (.sliding(let window), .sliding(var record)):
        {
          record.adjust(window, by: units, now: now.monotonic)
          return .sliding(record)
        }()
      case (.calendar(let window), .calendar(var used, var period)):
        {
          window.adjust(&used, in: &period, by: units, wall: now.wall)
          return .calendar(used: used, period: period)
        }()
      case (_, .concurrent(let used)): .concurrent(max(0, used + units))
      case (_, let other): other
      }
  }

  private func state(of claim: LimitClaim, _ now: LimitTime) -> Kept {
    if let state = kept[claim.key] { return state }
    switch claim.rule {
    case .rate: return .rate(now.monotonic)
    case .sliding: return .sliding(SlidingRecord())
    case .calendar: return .calendar(used: 0, period: .min)
    case .concurrent: return .concurrent(0)
    }
  }

  private static func judge(_ claim: LimitClaim, _ state: inout Kept, _ now: LimitTime) -> LimitDecision {
    switch (claim.rule, state) {
    case (.rate(let rate), .rate(var arrival)):
      defer { state = .rate(arrival) }
      return rate.judge(&arrival, cost: claim.cost, now: now.monotonic, patience: claim.patience)
    case (.sliding(let window), .sliding(var record)):
      defer { state = .sliding(record) }
      return record.judge(window, cost: claim.cost, now: now.monotonic)
    case (.calendar(let window), .calendar(var used, var period)):
      defer { state = .calendar(used: used, period: period) }
      return window.judge(&used, in: &period, cost: claim.cost, wall: now.wall)
    case (.concurrent(let limit), .concurrent(let used)):
      let decision = LimitRule.decision(concurrent: limit, used: used, cost: claim.cost)
      if decision.verdict == .admitted { state = .concurrent(used + max(claim.cost, 0)) }
      return decision
    default: return LimitDecision(.noRoom, remaining: 0, fullIn: 0, retryIn: 0)
    }
  }
}
