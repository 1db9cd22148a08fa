import GatewayKit
import NIOCore

// Units that were taken in advance: most requests find some and ask nobody.
extension RedisLedger {
  /// Answers a request from what is held, if that suffices for all of its claims, or if one of them is known to be refused.
  /// False when the server must be asked.
  func takeLeased(_ request: LimitRequest, _ now: LimitTime) -> Bool {
    guard leases.count > 0 else { return false }
    decisions.removeAll(keepingCapacity: true)
    var (isRefused, isKnown) = (false, true)
    for claim in request.claims {
      let decision = judge(claim, now)
      isRefused = isRefused || decision?.verdict == .refused && !claim.isShadow
      isKnown = isKnown && decision != nil
      // What is not known of another claim plays no part in a refusal.
      decisions.append(decision ?? LimitDecision(.admitted, remaining: claim.rule.most, fullIn: 0, retryIn: 0))
    }
    guard isKnown || isRefused else { return false }
    request.answer(decisions, isLeased: true)
    guard !isRefused else { return true }
    for (index, claim) in request.claims.enumerated() where request.takes(index) {
      guard let place = leases.find(claim.key) else { continue }
      let isLow = leases.update(place) { entry in
        entry.take(claim.cost, now: now.monotonic)
        return entry.isLow
      }
      if isLow { fetch(claim, at: place, now) }
    }
    return true
  }

  /// Asks for more units while some are left, so that nobody has to wait for them. Requests come first where many are on
  /// their way.
  private func fetch(_ claim: LimitClaim, at place: Int, _ now: LimitTime) {
    guard let lease = claim.lease, roomForChanges > 0, pipeline.requests < settings.maxInFlight / 2 else { return }
    let units = leases.fetch(lease, at: place)
    if units > 0 { send(.fetch(claim.key, claim.rule, units: units), Pipeline.Entry(nil, now: now)) }
  }

  private func judge(_ claim: LimitClaim, _ now: LimitTime) -> LimitDecision? {
    guard claim.lease != nil, let place = leases.find(claim.key) else { return nil }
    return leases.update(place) { $0.judge(claim, now: now.monotonic) }
  }

  /// Writes down how many units a question asks for in advance, for each of its claims; -1 where none can be held. A request
  /// that must ask in any case, since one of its claims has no lease, asks for none.
  func wish(_ request: LimitRequest, _ now: LimitTime) {
    request.places.removeAll(keepingCapacity: true)
    guard request.claims.allSatisfy({ $0.lease != nil }) else { return }
    for claim in request.claims { request.places.append(wish(claim, now)) }
  }

  private func wish(_ claim: LimitClaim, _ now: LimitTime) -> Int {
    guard let lease = claim.lease, claim.cost > 0,
      let place = leases.findOrInsert(claim, lease, now: now.monotonic)
    else { return -1 }
    letGoOfStale(claim.rule, at: place, now)
    return Int(leases.ask(claim, lease, at: place, now: now.monotonic))
  }

  private func letGoOfStale(_ rule: LimitRule, at place: Int, _ now: LimitTime) {
    let stale = leases.update(place) { entry in
      entry.isStale(for: rule, now: now.monotonic) ? entry.letGoOfOld(for: rule, now: now.monotonic) : nil
    }
    if let stale { change(stale, now) }
  }

  /// Notes the answer to one claim of a question.
  func noteLease(
    _ claim: LimitClaim, wish: Int, _ decision: LimitDecision, granted: Int64, isAdmitted: Bool, period: Int64,
    asked: Int64
  ) {
    guard wish >= 0, let place = leases.find(claim.key) else { return }
    if case .concurrent = claim.rule { letGoOfStale(claim.rule, at: place, now()) }
    leases.update(place) { entry in
      if isAdmitted, decision.verdict == .admitted {
        entry.granted(granted, of: Int64(wish), claim, decision, asked: asked, period: period)
      } else {
        entry.refused(claim, of: Int64(wish), decision, asked: asked)
      }
    }
  }

  /// The server has noted anew what is held of units at a time.
  func renewLease(_ key: LimitKey, asked: Int64) {
    guard let place = leases.find(key) else { return }
    letGoOfStale(.concurrent(1), at: place, now())
    leases.update(place) { $0.renewed(asked: asked) }
  }

  func now() -> LimitTime { LimitTime(monotonic: context.clock.monotonic(), wall: context.clock.wall()) }

  /// Notes that a question has no answer.
  func failLeases(_ claims: ContiguousArray<LimitClaim>, _ wishes: ContiguousArray<Int>) {
    for (claim, wish) in zip(claims, wishes) where wish >= 0 {
      if let place = leases.find(claim.key) { leases.update(place) { $0.failed(Int64(wish)) } }
    }
  }

  /// Settles a change with what is held, as far as that goes.
  ///
  /// - Returns: what the server must be told.
  func adjustLeased(_ claim: LimitClaim, by units: Int64, _ now: LimitTime) -> Int64 {
    guard let place = leases.find(claim.key) else { return units }
    return leases.update(place) { entry in
      guard units < 0 else { return entry.charge(units, of: claim.rule, now: now.monotonic) ? 0 : units }
      return units &+ entry.giveBack(-max(units, -.max), of: claim.rule, now: now.monotonic)
    }
  }
}

// MARK: - Upkeep

extension RedisLedger {
  /// Lets go of what was held too long and says what is held of units at a time: a little, before the first command of a
  /// turn.
  func upkeep(_ now: LimitTime) {
    guard !link.hasCommands else { return }
    if leases.count > 0 {
      leases.sweep(now: now.monotonic, looks: 8, changes: 8, isHeard: roomForChanges > 0) { change($0, now) }
    }
    sayHeld(now, most: HeldUnits.usualPace)
  }

  /// The same, as much as one turn of the loop may do.
  func regularUpkeep() {
    let now = now()
    leases.sweep(now: now.monotonic, looks: 2048, changes: 128, isHeard: roomForChanges > 128) { change($0, now) }
    sayHeld(now, most: .max)
  }

  /// Half of the room is left to what exchanges change.
  private func sayHeld(_ now: LimitTime, most: Int) {
    let room = (roomForChanges + 1) / 2
    guard room > 0, held.isDue(now: now.monotonic) else { return }
    for hold in held.due(now: now.monotonic, most: min(room, most)) { change(hold, now) }
  }

  func giveBackAll() {
    let now = now()
    leases.letGoOfAll { change($0, now) }
  }

  /// What is held is looked through ten times in a second.
  static let upkeepInterval = TimeAmount.milliseconds(100)
}
