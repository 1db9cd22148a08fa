package import GatewayKit

/// What one loop holds in advance of one allowance, and what it remembers of the server's last answer. Plain numbers, no
/// clock: times are monotonic nanoseconds of the clock that limits are judged by.
package struct LeaseEntry: BitwiseCopyable {
  /// Whose allowance.
  package let key: LimitKey
  /// The rule, as it was when units were last asked for.
  package private(set) var rule: LimitRule
  /// How long units are kept, in nanoseconds; 0 in a place of the table where nothing is.
  package let time: Int64
  /// Units that can be taken without asking.
  package private(set) var available: Int64 = 0
  /// Units that were asked for in advance, and whose answer is not there.
  package private(set) var wanted: Int64 = 0
  /// Questions that are on their way.
  private var questions: Int64 = 0
  /// The most units that may be held here, on their way included: this loop's part of the gateway's batch.
  package private(set) var part: Int64 = 0
  /// Until when the units may be used.
  private var until: Int64 = 0
  /// Of a quota of the calendar: the beginning of the period that the units are of, by the server's time.
  private var period: Int64 = 0
  /// Units that the server had left, besides those that it gave.
  private var left: Int64 = 0
  /// When the allowance is whole, as far as the server's answer says.
  private var wholeAt: Int64 = 0
  /// Until when costs from ``refusedCost`` on are known to be refused, and when they would be admitted.
  private var refusedUntil: Int64 = 0
  private var admittedAt: Int64 = 0
  private var refusedCost: Int64 = 0
  /// When it was last asked.
  private var touched: Int64 = 0

  /// An entry that holds nothing.
  package init(key: LimitKey, rule: LimitRule, time: Int64) {
    self.key = key
    self.rule = rule
    self.time = time
  }

  /// A place where nothing is.
  static let none = LeaseEntry(key: LimitKey(high: 0, low: 0), rule: .concurrent(0), time: 0)

  var isConcurrent: Bool {
    if case .concurrent = rule { return true }
    return false
  }
}

// MARK: - Taking without asking

extension LeaseEntry {
  /// What can be said of a claim without asking the server; nil when it must be asked.
  package func judge(_ claim: LimitClaim, now: Int64) -> LimitDecision? {
    let cost = max(claim.cost, 0)
    if cost <= available, isUsable(for: claim.rule, now: now) {
      return LimitDecision(
        .admitted, remaining: left &+ available &- cost, fullIn: max(0, wholeAt &- now), retryIn: 0)
    }
    guard refusedUntil > now, cost >= refusedCost, isSamePeriod(claim.rule) else { return nil }
    return LimitDecision(
      .refused, remaining: min(left &+ available, cost &- 1), fullIn: max(0, wholeAt &- now),
      retryIn: max(1, admittedAt &- now))
  }

  /// Takes what was judged to be there.
  package mutating func take(_ cost: Int64, now: Int64) {
    available &-= max(cost, 0)
    touched = now
    if isConcurrent { until = now &+ time }
  }

  /// Charges units without judging, when they are there.
  package mutating func charge(_ units: Int64, of rule: LimitRule, now: Int64) -> Bool {
    guard units <= available, isUsable(for: rule, now: now) else { return false }
    take(units, now: now)
    return true
  }

  /// Takes units back that an exchange has no use for, as many as there is room for.
  ///
  /// - Returns: how many those are.
  package mutating func giveBack(_ units: Int64, of rule: LimitRule, now: Int64) -> Int64 {
    guard isConcurrent || isUsable(for: rule, now: now) else { return 0 }
    // Others may have waited for just these.
    refusedUntil = 0
    let kept = max(0, min(units, part &- available &- wanted))
    if isConcurrent, kept > 0 { until = now &+ time }
    available &+= kept
    touched = now
    return kept
  }

  /// Units of a period are never used in another, whichever clock says so: the server's, which ``until`` follows, or the
  /// gateway's, by which the rule was made.
  private func isUsable(for rule: LimitRule, now: Int64) -> Bool { now < until && isSamePeriod(rule) }

  private func isSamePeriod(_ other: LimitRule) -> Bool {
    if case .calendar(let mine) = rule, case .calendar(let theirs) = other { return mine.start == theirs.start }
    return true
  }
}

// MARK: - Asking

extension LeaseEntry {
  /// Whether units that are held are too old, or of another period than the rule's, and are to be let go of first.
  package func isStale(for rule: LimitRule, now: Int64) -> Bool {
    available > 0 && !isUsable(for: rule, now: now)
  }

  /// Lets go of the units that are held. Those of a period that is over are dropped: the server gives them back only in
  /// their own.
  ///
  /// - Returns: what the server is to be told.
  package mutating func letGo() -> LimitChange? {
    guard available > 0 else { return nil }
    defer { available = 0 }
    return LimitChange(key: key, rule: rule, units: -available, period: period)
  }

  /// A question is about to be sent, and this loop's part of the batch is known.
  ///
  /// - Returns: how many units to ask for in advance.
  package mutating func ask(_ claim: LimitClaim, part: Int64, now: Int64) -> Int64 {
    rule = claim.rule
    self.part = max(part, available &+ wanted)
    questions &+= 1
    touched = now
    guard available < claim.cost else { return 0 }
    let units = min(max(0, self.part &- available &- wanted), Self.mostAtOnce)
    wanted &+= units
    return units
  }

  /// More units are not asked for at once: the script's numbers are exact up to there.
  private static let mostAtOnce: Int64 = 1 << 20

  /// The server has given units.
  ///
  /// - Parameters:
  ///   - asked: when the question was put.
  ///   - units: how many of the `wish` it gave.
  ///   - period: of a quota of the calendar, the period they are of.
  package mutating func granted(
    _ units: Int64, of wish: Int64, _ decision: LimitDecision, asked: Int64, period: Int64
  ) {
    answered(wish, asked: asked)
    note(decision, left: max(0, decision.remaining &- units), asked: asked)
    guard units > 0 else { return }
    var end = asked &+ time
    if case .calendar = rule { end = min(end, asked &+ decision.fullIn) }
    // The oldest unit says for all.
    until = available > 0 ? min(until, end) : end
    available &+= min(units, wish)
    self.period = period
  }

  /// The server has refused the request, be it for this claim or another.
  package mutating func refused(_ claim: LimitClaim, of wish: Int64, _ decision: LimitDecision, asked: Int64) {
    answered(wish, asked: asked)
    note(decision, left: decision.remaining, asked: asked)
    guard decision.verdict == .refused else { return }
    admittedAt = asked &+ decision.retryIn
    refusedUntil = asked &+ min(decision.retryIn, time)
    refusedCost = max(claim.cost, 1)
  }

  /// There was no answer.
  package mutating func failed(_ wish: Int64) { answered(wish, asked: touched) }

  private mutating func answered(_ wish: Int64, asked: Int64) {
    wanted &-= wish
    questions &-= 1
  }

  private mutating func note(_ decision: LimitDecision, left: Int64, asked: Int64) {
    self.left = left
    wholeAt = asked &+ decision.fullIn
    refusedUntil = 0
  }

  /// Whether nothing is lost when it is forgotten.
  package func isIdle(now: Int64) -> Bool {
    available == 0 && questions == 0 && refusedUntil <= now && touched &+ time <= now
  }

  /// Whether units have been held too long.
  package func isOverdue(now: Int64) -> Bool { available > 0 && now >= until }
}
