import GatewayKit

// Random arrivals, and what the rules say of each of them.
extension LimitStoreConformance {
  static func checkExactly(_ driver: LimitDriver, _ seed: UInt64) async throws {
    for kind in LimitScenario.Kind.allCases {
      try await agree(driver, "one rule, \(kind), seed \(seed)", seed, [kind], callers: 5, claims: 1...1)
    }
    try await agree(
      driver, "several rules, seed \(seed)", seed, LimitScenario.Kind.allCases, callers: 8, claims: 1...6)
  }

  private static let steps = 1500

  /// A step, which ledger does it, and what the rules say.
  private struct Planned {
    var step: LimitStep
    var ledger: Int
    var wanted: LimitAnswer?
  }

  private static func agree(
    _ driver: LimitDriver, _ name: String, _ seed: UInt64, _ kinds: [LimitScenario.Kind], callers: Int,
    claims: ClosedRange<Int64>
  ) async throws {
    let planned = try plan(seed, kinds, callers: callers, claims: claims, ledgers: driver.count)
    var index = 0
    while index < planned.count {
      // What one ledger does without another in between is on its way together.
      let end = planned[index...].firstIndex { $0.ledger != planned[index].ledger } ?? planned.count
      let answers = try await driver.run(planned[index..<end].map(\.step), on: planned[index].ledger)
      for (offset, answer) in answers.enumerated() {
        let plan = planned[index + offset]
        try expect(answer, plan.wanted, "\(name), step \(index + offset), \(plan.step)")
      }
      index = end
    }
  }

  private static func plan(
    _ seed: UInt64, _ kinds: [LimitScenario.Kind], callers: Int, claims: ClosedRange<Int64>, ledgers: Int
  ) throws -> [Planned] {
    // A store may forget whoever holds units and says nothing for long, so not much time passes there.
    let scale: Int64? = kinds.contains(.concurrent) ? 99_999_999 : nil
    var scenario = try made(LimitScenario(seed: seed, kinds: kinds, callers: callers, scale: scale))
    var (reference, held, ledger) = (LimitReference(), Held(), 0)
    return (0..<steps).map { number in
      if scenario.number(20) == 0 { ledger = Int(scenario.number(Int64(ledgers))) }
      scenario.pass(setsClock: true)
      if number % 6 == 5, let (claim, units) = adjustment(&scenario, &held, ledger) {
        reference.adjust(claim, by: units, now: scenario.now)
        return Planned(step: .adjust(claim, by: units, scenario.now), ledger: ledger)
      }
      let step = LimitStep.take(pick(&scenario, claims), scenario.now)
      let (isAdmitted, decisions) = reference.take(step.claims, now: step.now)
      if isAdmitted { held.note(step.claims, decisions, ledger) }
      let outcome: LimitRequest.Outcome = isAdmitted ? .admitted : .refused
      return Planned(
        step: step, ledger: ledger, wanted: LimitAnswer(outcome: outcome, decisions: decisions, isLeased: false))
    }
  }

  /// Claims of different callers, some of them shadows.
  private static func pick(_ scenario: inout LimitScenario, _ count: ClosedRange<Int64>) -> [LimitClaim] {
    let wanted = count.lowerBound + scenario.number(count.upperBound - count.lowerBound + 1)
    var rest = scenario.callers
    return (0..<min(wanted, Int64(rest.count))).map { _ in
      let caller = rest.remove(at: Int(scenario.number(Int64(rest.count))))
      var claim = scenario.claim(of: caller, skewed: true)
      claim.isShadow = scenario.number(4) == 0
      return claim
    }
  }

  /// A charge, or units that are given back; of units at a time only where they were taken.
  private static func adjustment(
    _ scenario: inout LimitScenario, _ held: inout Held, _ ledger: Int
  ) -> (LimitClaim, Int64)? {
    let caller = scenario.callers[Int(scenario.number(Int64(scenario.callers.count)))]
    let claim = scenario.claim(of: caller, skewed: true)
    guard caller.kind == .concurrent else { return (claim, scenario.number(9) - 5) }
    let mine = held.units(of: caller.key, ledger)
    guard mine > 0 else { return nil }
    let units = scenario.number(mine) + 1
    held.give(units, of: caller.key, ledger)
    return (claim, -units)
  }
}

/// Units at a time that each ledger holds.
struct Held {
  private struct Place: Hashable {
    let key: LimitKey
    let ledger: Int
  }

  private var units: [Place: Int64] = [:]

  func units(of key: LimitKey, _ ledger: Int) -> Int64 { units[Place(key: key, ledger: ledger)] ?? 0 }

  mutating func give(_ count: Int64, of key: LimitKey, _ ledger: Int) {
    units[Place(key: key, ledger: ledger), default: 0] -= count
  }

  /// Notes what an admitted request took.
  mutating func note(_ claims: [LimitClaim], _ decisions: [LimitDecision], _ ledger: Int) {
    for (claim, decision) in zip(claims, decisions) where decision.verdict == .admitted {
      if case .concurrent = claim.rule { units[Place(key: claim.key, ledger: ledger), default: 0] += claim.cost }
    }
  }
}
