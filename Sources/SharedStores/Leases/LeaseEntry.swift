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
  /// Those of them that came last, while older ones are left: they are taken after the others, and kept longer.
  private var fresh: Int64 = 0
  /// Units that were asked for in advance, and whose answer is not there.
  package private(set) var wanted: Int64 = 0
  /// Questions that are on their way.
  private var questions: Int64 = 0
  /// The most units that may be held here, on their way included: this loop's part of the gateway's batch.
  package private(set) var part: Int64 = 0
  /// Until when the units are kept, and until when the fresh ones are.
  private var until: Int64 = 0
  private var freshUntil: Int64 = 0
  /// Until when the server knows of the units: of a quota of the calendar until the period ends, of units at a time as long
  /// as its record lasts.
  private var end: Int64 = .max
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
  /// With fewer units than this, more are fetched before these are used up; 0 while none are to be.
  private var low: Int64 = 0
  /// What was asked for in all, and how much of it when units were last asked for in advance.
  private var demand: Int64 = 0
  private var demandBefore: Int64 = 0

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

  private var isCalendar: Bool {
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

  private func isSamePeriod(_ other: LimitRule) -> Bool {
    if case .calendar(let mine) = rule, case .calendar(let theirs) = other { return mine.start == theirs.start }
    return true
  }
}

// MARK: - Asking

extension LeaseEntry {
  /// A question is about to be sent, and this loop's part of the batch is known.
  ///
  /// - Returns: how many units to ask for in advance.
  package mutating func ask(_ claim: LimitClaim, part: Int64, now: Int64) -> Int64 {
    rule = claim.rule
    questions &+= 1
    touched = now
    demand &+= claim.cost
    guard available < claim.cost else {
      self.part = max(part, available &+ wanted)
      return 0
    }
    return want(part)
  }

  /// Units are about to be fetched before those that are held are used up.
  ///
  /// - Returns: how many; nothing is to be sent for 0.
  package mutating func fetch(part: Int64) -> Int64 {
    let units = want(part)
    if units > 0 { questions &+= 1 }
    return units
  }

  /// What is held and what is on its way are never more than the part together.
  private mutating func want(_ part: Int64) -> Int64 {
    self.part = max(part, available &+ wanted)
    low = 0
    let units = min(max(0, self.part &- available &- wanted), Self.mostAtOnce)
    guard units > 0 else { return 0 }
    if wanted == 0 { demandBefore = demand }
    wanted &+= units
    return units
  }

  /// More units are not asked for at once: the script's numbers are exact up to there.
  private static let mostAtOnce: Int64 = 1 << 20

  /// The server has given units, or none, to a request that it admitted or to a fetch.
  ///
  /// - Parameters:
  ///   - claim: what was asked; a fetch costs nothing.
  ///   - asked: when the question was put.
  ///   - units: how many of the `wish` it gave.
  ///   - period: of a quota of the calendar, the period they are of.
  package mutating func granted(
    _ units: Int64, of wish: Int64, _ claim: LimitClaim, _ decision: LimitDecision, asked: Int64, period: Int64
  ) {
    answered(wish)
    if claim.cost > 0 || units > 0 { note(decision, left: max(0, decision.remaining &- units), asked: asked) }
    // Who gets less than was wished asks when nothing is left: others need the rest.
    if wish > 0 { low = units == wish ? min(max(part / 4, demand &- demandBefore), part / 2) : 0 }
    if isCalendar, available > 0, period != self.period { (available, fresh) = (0, 0) }
    renewed(asked: asked)
    // Those of a period that has ended by the gateway's clock are of no use.
    guard units > 0, isSamePeriod(claim.rule) else { return }
    let last = asked &+ time
    if isCalendar {
      let periodEnd = asked &+ decision.fullIn
      end = available > 0 ? min(end, periodEnd) : periodEnd
    }
    add(units, until: isConcurrent ? max(until, last) : last)
    self.period = period
  }

  /// The oldest of them says for all fresh ones.
  private mutating func add(_ units: Int64, until last: Int64) {
    if available == 0 || isConcurrent {
      (until, fresh) = (last, 0)
    } else {
      freshUntil = fresh > 0 ? min(freshUntil, last) : last
      fresh &+= units
    }
    available &+= units
  }

  /// The server has noted anew which units at a time are held; it knows them for a while from when it was asked. Units that
  /// it may have forgotten before are not to be used: others may have them.
  package mutating func renewed(asked: Int64) {
    guard isConcurrent else { return }
    let known = asked &+ HeldUnits.life
    end = available > 0 ? max(end, known) : known
  }

  /// The server has refused the request, be it for this claim or another.
  package mutating func refused(_ claim: LimitClaim, of wish: Int64, _ decision: LimitDecision, asked: Int64) {
    answered(wish)
    note(decision, left: decision.remaining, asked: asked)
    guard decision.verdict == .refused else { return }
    admittedAt = asked &+ decision.retryIn
    refusedUntil = asked &+ min(decision.retryIn, time)
    refusedCost = max(claim.cost, 1)
  }

  /// There was no answer.
  package mutating func failed(_ wish: Int64) { answered(wish) }

  private mutating func answered(_ wish: Int64) {
    wanted &-= wish
    questions &-= 1
  }

  private mutating func note(_ decision: LimitDecision, left: Int64, asked: Int64) {
    self.left = left
    wholeAt = asked &+ decision.fullIn
    refusedUntil = 0
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
