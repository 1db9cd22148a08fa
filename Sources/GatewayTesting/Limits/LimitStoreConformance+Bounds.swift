import GatewayKit

// Units in advance: what all ledgers together admit stays within the stated bound, and is not less than what remains when
// every gateway holds as much as it may.
extension LimitStoreConformance {
  static func checkBounds(
    _ driver: LimitDriver, _ subject: Subject, _ lease: LimitLease, _ seed: UInt64
  ) async throws {
    for kind in LimitScenario.Kind.allCases {
      var round = try BoundRound(subject, lease, seed, [kind], callers: 2, claims: 1)
      try await round.run(driver, "one rule, \(kind), seed \(seed)")
    }
    var round = try BoundRound(subject, lease, seed, LimitScenario.Kind.allCases, callers: 6, claims: 4)
    try await round.run(driver, "several rules, seed \(seed)")
    try await saturate(driver, subject, lease, seed)
    if lease.batch >= 8 * Int64(driver.count), lease.time >= 1_000_000_000 { try await calm(driver, lease, seed) }
  }

  private static func leased(_ lease: LimitLease, _ seed: UInt64) throws -> (claim: LimitClaim, rate: CellRate) {
    let rate = try made(Rate(count: 100, period: .seconds(1)).flatMap { CellRate(rate: $0, burst: 200) })
    var random = SplitMix(state: seed)
    var claim = LimitClaim(key: LimitKey(high: random.next(), low: random.next()), rule: .rate(rate), cost: 1)
    claim.lease = lease
    return (claim, rate)
  }

  /// Nobody comes near the limit: most requests must not wait for the store.
  private static func calm(_ driver: LimitDriver, _ lease: LimitLease, _ seed: UInt64) async throws {
    let (claim, rate) = try leased(lease, seed &+ 1 << 40)
    var leased = 0
    for step in 0..<1000 {
      let time = 7_000_000_000_000 + Int64(step) * 2 * rate.interval
      let now = LimitTime(monotonic: time, wall: time)
      let answers = try await driver.run([.take([claim], now)], on: step % driver.count)
      try expect(answers.allSatisfy { $0?.isAdmitted == true }, "seed \(seed): refused far below the limit")
      leased += answers.count { $0?.isLeased == true }
    }
    try expect(leased > 500, "seed \(seed): only \(leased) of 1000 requests did not wait")
  }

  /// Everybody asks all the time: nothing may be lost but what is held.
  private static func saturate(
    _ driver: LimitDriver, _ subject: Subject, _ lease: LimitLease, _ seed: UInt64
  ) async throws {
    let (claim, rate) = try leased(lease, seed &+ 1 << 41)
    let steps = 2000
    var admitted = 0
    for step in 0..<steps {
      // Twice as many as come back.
      let time = 7_000_000_000_000 + Int64(step) * rate.interval
      let now = LimitTime(monotonic: time, wall: time)
      let answers = try await driver.run([.take([claim], now), .take([claim], now)], on: step % driver.count)
      admitted += answers.count { $0?.isAdmitted == true }
    }
    let exact = Int64(200 + steps - 1)
    let bound = lease.overshoot(of: .rate(rate), gateways: subject.stores.count)
    let what = "seed \(seed): \(admitted) admitted of \(exact), with at most \(bound)"
    try expect(Int64(admitted) <= exact + bound, "\(what) more")
    try expect(Int64(admitted) >= exact - bound, "\(what) held")
  }
}

/// Random arrivals at several ledgers in turn, and what was admitted of them.
private struct BoundRound {
  private var scenario: LimitScenario
  private let lease: LimitLease
  private let gateways: Int
  private let claims: Int64
  private var bounds: [LimitKey: LimitBound] = [:]
  private var held = Held()

  init(
    _ subject: LimitStoreConformance.Subject, _ lease: LimitLease, _ seed: UInt64, _ kinds: [LimitScenario.Kind],
    callers: Int, claims: Int64
  ) throws {
    scenario = try LimitStoreConformance.made(
      LimitScenario(seed: seed, kinds: kinds, callers: callers, scale: 500_000_000))
    self.lease = lease
    self.claims = claims
    gateways = subject.stores.count
  }

  mutating func run(_ driver: LimitDriver, _ name: String) async throws {
    for number in 0..<400 {
      let ledger = Int(scenario.number(Int64(driver.count)))
      let steps = (0..<scenario.number(8) + 1).map { _ in
        scenario.pass(32)
        return LimitStep.take(pick(), scenario.now)
      }
      for (step, answer) in zip(steps, try await driver.run(steps, on: ledger)) {
        guard let answer else { continue }
        if case .failed(let failure) = answer.outcome {
          throw LimitStoreConformance.Violation(description: "\(name), round \(number): failed, \(failure)")
        }
        try note(step, answer, ledger, "\(name), round \(number), \(step)")
      }
      try await giveBack(driver, ledger)
    }
  }

  private mutating func pick() -> [LimitClaim] {
    var rest = scenario.callers
    return (0..<min(scenario.number(claims) + 1, Int64(rest.count))).map { _ in
      let caller = rest.remove(at: Int(scenario.number(Int64(rest.count))))
      var claim = LimitClaim(key: caller.key, rule: scenario.rule(of: caller), cost: scenario.number(3) + 1)
      claim.isShadow = scenario.number(8) == 0
      // Now and then somebody asks without a lease.
      claim.lease = scenario.number(6) == 0 ? nil : lease
      return claim
    }
  }

  private mutating func note(_ step: LimitStep, _ answer: LimitAnswer, _ ledger: Int, _ name: String) throws {
    guard answer.isAdmitted else { return }
    held.note(step.claims, answer.decisions, ledger)
    for (claim, decision) in zip(step.claims, answer.decisions) where decision.verdict == .admitted {
      let more = lease.overshoot(of: claim.rule, gateways: gateways)
      var bound = bounds[claim.key] ?? LimitBound(more: more)
      try bound.admit(claim, step.now, name)
      bounds[claim.key] = bound
    }
  }

  /// Some of what the ledger holds of units at a time.
  private mutating func giveBack(_ driver: LimitDriver, _ ledger: Int) async throws {
    for caller in scenario.callers where caller.kind == .concurrent {
      let mine = held.units(of: caller.key, ledger)
      let units = scenario.number(mine + 1)
      guard units > 0 else { continue }
      held.give(units, of: caller.key, ledger)
      bounds[caller.key]?.release(units)
      var claim = LimitClaim(key: caller.key, rule: caller.rule, cost: units)
      claim.lease = lease
      _ = try await driver.run([.adjust(claim, by: -units, scenario.now)], on: ledger)
    }
  }
}

/// What was admitted of one allowance, and whether that is within the rule and so many units more.
private struct LimitBound {
  let more: Int64
  private var arrival: Int64 = 0
  private var taken: [(time: Int64, units: Int64)] = []
  private var inPeriod: [Int64: Int64] = [:]
  private var held: Int64 = 0

  init(more: Int64) { self.more = more }

  mutating func release(_ units: Int64) { held -= units }

  mutating func admit(_ claim: LimitClaim, _ now: LimitTime, _ name: String) throws {
    let (sum, most) = add(claim, now)
    try LimitStoreConformance.expect(sum <= most, "\(name): \(sum) units were admitted where \(most) may be")
  }

  /// How much is admitted now, and how much may be.
  private mutating func add(_ claim: LimitClaim, _ now: LimitTime) -> (sum: Int64, most: Int64) {
    switch claim.rule {
    case .rate(let rate):
      // The bucket that lets through what no span may exceed.
      arrival = max(arrival, now.monotonic) + claim.cost * rate.interval
      return (arrival - now.monotonic, (rate.burst + more) * rate.interval)
    case .sliding(let window):
      taken.append((now.monotonic, claim.cost))
      taken.removeAll { $0.time + window.length <= now.monotonic }
      return (taken.reduce(0) { $0 + $1.units }, window.limit + more)
    case .calendar(let window):
      let period = window.period(at: now.wall / 1_000_000_000).start
      inPeriod[period, default: 0] += claim.cost
      return (inPeriod[period] ?? 0, window.limit + more)
    case .concurrent(let limit):
      held += claim.cost
      return (held, limit + more)
    }
  }
}
