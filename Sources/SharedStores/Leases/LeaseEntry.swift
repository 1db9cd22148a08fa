package import GatewayKit

/// What one loop holds in advance of one allowance, and what it remembers of the server's last answer. Plain numbers, no
/// clock: times are monotonic nanoseconds of the clock that limits are judged by.
package struct LeaseEntry: BitwiseCopyable {
  /// Whose allowance.
  package let key: LimitKey
  /// The rule, as it was when units were last asked for.
  package internal(set) var rule: LimitRule
  /// How long units are kept, in nanoseconds; 0 in a place of the table where nothing is.
  package let time: Int64
  /// Units that can be taken without asking.
  package internal(set) var available: Int64 = 0
  /// Those of them that came last, while older ones are left: they are taken after the others, and kept longer.
  var fresh: Int64 = 0
  /// Units that were asked for in advance, and whose answer is not there.
  package internal(set) var wanted: Int64 = 0
  /// Questions that are on their way.
  var questions: Int64 = 0
  /// The most units that may be held here, on their way included: this loop's part of the gateway's batch.
  package internal(set) var part: Int64 = 0
  /// Until when the units are kept, and until when the fresh ones are.
  var until: Int64 = 0
  var freshUntil: Int64 = 0
  /// Until when the server knows of the units: of a quota of the calendar until the period ends, of units at a time as long
  /// as its record lasts.
  var end: Int64 = .max
  /// Of a quota of the calendar: the beginning of the period that the units are of, by the server's time.
  var period: Int64 = 0
  /// Units that the server had left, besides those that it gave.
  var left: Int64 = 0
  /// When the allowance is whole, as far as the server's answer says.
  var wholeAt: Int64 = 0
  /// Until when costs from ``refusedCost`` on are known to be refused, and when they would be admitted.
  var refusedUntil: Int64 = 0
  var admittedAt: Int64 = 0
  var refusedCost: Int64 = 0
  /// When it was last asked.
  var touched: Int64 = 0
  /// With fewer units than this, more are fetched before these are used up; 0 while none are to be.
  var low: Int64 = 0
  /// What was asked for in all, and how much of it when units were last asked for in advance.
  var demand: Int64 = 0
  var demandBefore: Int64 = 0

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

  var isCalendar: Bool {
    if case .calendar = rule { return true }
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
    let cost = max(cost, 0)
    available &-= cost
    demand &+= cost
    touched = now
    // The older ones are taken first.
    if available <= fresh { (fresh, until) = (0, available > 0 ? freshUntil : until) }
    if isConcurrent { until = now &+ time }
  }

  /// Whether it is time to fetch more.
  package var isLow: Bool { available < low }

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
    guard isConcurrent ? now < end : isUsable(for: rule, now: now) else { return 0 }
    // Others may have waited for just these.
    refusedUntil = 0
    let kept = max(0, min(units, part &- available &- wanted))
    if isConcurrent, kept > 0 { until = now &+ time }
    available &+= kept
    touched = now
    return kept
  }

  /// Units of a period are never used in another, whichever clock says so: the server's, which ``end`` follows, or the
  /// gateway's, by which the rule was made. Within it they can be used as long as they are here.
  private func isUsable(for rule: LimitRule, now: Int64) -> Bool {
    now < end && (now < until || isCalendar) && isSamePeriod(rule)
  }

  func isSamePeriod(_ other: LimitRule) -> Bool {
    if case .calendar(let mine) = rule, case .calendar(let theirs) = other { return mine.start == theirs.start }
    return true
  }
}

// MARK: - Letting go

extension LeaseEntry {
  /// Whether units that are held are too old, or of another period than the rule's, and are to be let go of first.
  package func isStale(for rule: LimitRule, now: Int64) -> Bool {
    available > 0 && !isUsable(for: rule, now: now)
  }

  /// Whether units have been held too long. Those of a period would be lost if the server could not be told, so they are
  /// kept then while the period lasts.
  package func isOverdue(now: Int64, isHeard: Bool = true) -> Bool {
    available > 0 && (now >= end || (now >= until && (isHeard || !isCalendar)))
  }

  /// Lets go of the units that are held too long: of all, unless fresh ones are left that can still be used.
  ///
  /// - Returns: what the server is to be told.
  package mutating func letGoOfOld(for rule: LimitRule, now: Int64) -> LimitChange? {
    guard fresh > 0, now < freshUntil, now < end, isSamePeriod(rule) else { return letGo() }
    let old = available &- fresh
    (available, fresh, until) = (fresh, 0, freshUntil)
    return LimitChange(key: key, rule: self.rule, units: -old, period: period)
  }

  /// Lets go of all units that are held. Those of a period that is over are dropped: the server gives them back only in
  /// their own.
  ///
  /// - Returns: what the server is to be told.
  package mutating func letGo() -> LimitChange? {
    guard available > 0 else { return nil }
    defer { (available, fresh) = (0, 0) }
    return LimitChange(key: key, rule: rule, units: -available, period: period)
  }

  /// Whether nothing is lost when it is forgotten.
  package func isIdle(now: Int64) -> Bool {
    available == 0 && questions == 0 && refusedUntil <= now && touched &+ time <= now
  }
}
