import GatewayKit

// What is easily said without a reference.
extension LimitStoreConformance {
  static func checkExamples(_ driver: LimitDriver) async throws {
    try await burstIsExact(driver)
    try await refusedTakesNothing(driver)
    try await keysAreIndependent(driver)
    try await unitsLeaveAWindowInTime(driver)
    try await heldUnitsComeBack(driver)
  }

  private static let start = LimitTime(monotonic: 5_000_000_000_000, wall: 1_795_449_600_000_000_000)

  private static func later(_ nanoseconds: Int64) -> LimitTime {
    LimitTime(monotonic: start.monotonic + nanoseconds, wall: start.wall + nanoseconds)
  }

  private static func key(_ number: UInt64) -> LimitKey {
    var random = SplitMix(state: number &+ 1_000_003)
    return LimitKey(high: random.next(), low: random.next())
  }

  /// Ten in a second, five at once.
  private static func rate() throws -> CellRate {
    try made(Rate(count: 10, period: .seconds(1)).flatMap { CellRate(rate: $0, burst: 5) })
  }

  private static func take(
    _ driver: LimitDriver, _ rule: LimitRule, _ key: LimitKey, cost: Int64 = 1, _ now: LimitTime, on ledger: Int = 0
  ) async throws -> LimitDecision {
    let answer = try await driver.run([.take([LimitClaim(key: key, rule: rule, cost: cost)], now)], on: ledger)
    guard let decision = answer.first??.decisions.first else {
      throw Violation(description: "no decision: \(String(describing: answer.first ?? nil))")
    }
    return decision
  }

  private static func burstIsExact(_ driver: LimitDriver) async throws {
    let (rate, key) = (try rate(), key(1))
    for left in (0..<Int64(5)).reversed() {
      try expect(try await take(driver, .rate(rate), key, start).remaining, left, "what is left of the burst")
    }
    let decision = try await take(driver, .rate(rate), key, start)
    try expect(decision.verdict, .refused, "the unit after the burst")
    try expect(decision.retryIn, rate.interval, "the time until the next unit")
    for step in Int64(1)...20 {
      let early = try await take(driver, .rate(rate), key, later(step * rate.interval - 1))
      try expect(early.verdict, .refused, "a unit a nanosecond early")
      let due = try await take(driver, .rate(rate), key, later(step * rate.interval))
      try expect(due.verdict, .admitted, "a unit in time")
    }
  }

  private static func refusedTakesNothing(_ driver: LimitDriver) async throws {
    let (rate, keys) = (try rate(), [key(2), key(3)])
    _ = try await take(driver, .rate(rate), keys[0], cost: 5, start)
    let both = keys.map { LimitClaim(key: $0, rule: .rate(rate), cost: 1) }
    let answers = try await driver.run(Array(repeating: .take(both, start), count: 1000), on: 0)
    try expect(answers.allSatisfy { $0?.outcome == .refused }, "a request of which one rule has nothing left passed")
    try expect(try await take(driver, .rate(rate), keys[1], start).remaining, 4, "after a thousand refusals by another")
    let next = try await take(driver, .rate(rate), keys[0], later(rate.interval))
    try expect(next.verdict, .admitted, "after a thousand refusals")
  }

  private static func keysAreIndependent(_ driver: LimitDriver) async throws {
    let rate = try rate()
    _ = try await take(driver, .rate(rate), key(4), cost: 5, start)
    for number in UInt64(5)...40 {
      try expect(
        try await take(driver, .rate(rate), key(number), start).remaining, 4, "the first unit of another key")
    }
  }

  private static func unitsLeaveAWindowInTime(_ driver: LimitDriver) async throws {
    let window = try made(Rate(count: 3, period: .seconds(10)).flatMap { SlidingWindow(rate: $0) })
    let (rule, key) = (LimitRule.sliding(window), key(41))
    let second: Int64 = 1_000_000_000
    for step in Int64(0)..<3 { _ = try await take(driver, rule, key, later(step * second)) }
    let decision = try await take(driver, rule, key, later(5 * second))
    try expect(decision.retryIn, 5 * second, "the time until the oldest unit leaves")
    for step in Int64(0)..<3 {
      let leaves = (10 + step) * second
      let early = try await take(driver, rule, key, later(leaves - 1))
      try expect(early.verdict, .refused, "a nanosecond before it leaves")
      try expect(try await take(driver, rule, key, later(leaves)).verdict, .admitted, "when it leaves")
    }
  }

  private static func heldUnitsComeBack(_ driver: LimitDriver) async throws {
    let (rule, key) = (LimitRule.concurrent(8), key(42))
    let ledgers = 0..<driver.count
    for ledger in ledgers { _ = try await take(driver, rule, key, start, on: ledger) }
    try expect(
      try await take(driver, rule, key, cost: 0, start).remaining, Int64(8 - driver.count), "while units are held")
    let claim = LimitClaim(key: key, rule: rule, cost: 1)
    for ledger in ledgers { _ = try await driver.run([.adjust(claim, by: -1, start)], on: ledger) }
    try expect(try await take(driver, rule, key, cost: 8, start).verdict, .admitted, "all that can be held")
    try expect(try await take(driver, rule, key, start).verdict, .refused, "more than can be held")
  }
}
