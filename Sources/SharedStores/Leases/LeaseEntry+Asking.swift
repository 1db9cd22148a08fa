package import GatewayKit

// Asking for units, and what the answers make of them.
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
