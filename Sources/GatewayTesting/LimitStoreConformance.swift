public import GatewayKit

/// What every store of limits must do. A store's own tests run ``check(_:)`` and are told the first thing that is wrong.
public enum LimitStoreConformance {
  /// What a store did that it must not do.
  public struct Violation: Error, CustomStringConvertible {
    /// What was expected and what happened.
    public let description: String
  }

  /// Any kind of store, as the checks see it.
  public struct Subject: Sendable {
    /// Judges a request.
    public let take: @Sendable (LimitRule, LimitKey, Int, Int64) async throws -> LimitDecision
    /// Gives back what a request took.
    public let giveBack: @Sendable (LimitRule, LimitKey, Int, Int64) async throws -> Void

    /// A store that answers at once.
    public init(_ store: any LimitStore) {
      take = { store.take($0, key: $1, cost: $2, now: $3) }
      giveBack = { store.giveBack($0, key: $1, cost: $2, now: $3) }
    }

    /// A store that is shared.
    public init(shared store: any SharedLimitStore) {
      take = { try await store.take($0, key: $1, cost: $2, now: $3) }
      giveBack = { try await store.giveBack($0, key: $1, cost: $2, now: $3) }
    }
  }

  /// Runs all checks on a store that is empty and has room for at least 100 callers.
  public static func check(_ subject: Subject) async throws {
    try await burstIsExact(subject)
    try await unitsComeBackEvenly(subject)
    try await refusedTakesNothing(subject)
    try await keysAreIndependent(subject)
    try await costsCount(subject)
    try await givingBackRestores(subject)
    try await agreesWithTheRule(subject)
  }

  private static let second: Int64 = 1_000_000_000
  /// Ten in a second, five at once.
  private static var rule: LimitRule {
    get throws {
      guard let rate = Rate(count: 10, period: .seconds(1)), let rule = LimitRule(rate: rate, burst: 5) else {
        throw Violation(description: "the rule of the checks cannot be made")
      }
      return rule
    }
  }

  private static func key(_ number: UInt64) -> LimitKey { LimitKey(high: number &* 0x9E37_79B9_7F4A_7C15, low: number) }

  private static func expect<T: Equatable>(_ found: T, _ wanted: T, _ what: String) throws {
    if found != wanted { throw Violation(description: "\(what): expected \(wanted), found \(found)") }
  }
}

// MARK: - Checks

extension LimitStoreConformance {
  private static func burstIsExact(_ subject: Subject) async throws {
    let (rule, key) = (try rule, key(1))
    for left in (0..<5).reversed() {
      let decision = try await subject.take(rule, key, 1, second)
      try expect(decision.verdict, .admitted, "a unit of the burst")
      try expect(decision.remaining, Int64(left), "what is left of the burst")
    }
    let decision = try await subject.take(rule, key, 1, second)
    try expect(decision.verdict, .refused, "the unit after the burst")
    try expect(decision.retryIn, rule.interval, "the time until the next unit")
  }

  private static func unitsComeBackEvenly(_ subject: Subject) async throws {
    let (rule, key) = (try rule, key(2))
    for _ in 0..<5 { _ = try await subject.take(rule, key, 1, second) }
    for step in Int64(1)...20 {
      let due = second + step * rule.interval
      try expect(try await subject.take(rule, key, 1, due - 1).verdict, .refused, "a unit a nanosecond early")
      try expect(try await subject.take(rule, key, 1, due).verdict, .admitted, "a unit in time")
    }
  }

  private static func refusedTakesNothing(_ subject: Subject) async throws {
    let (rule, key) = (try rule, key(3))
    for _ in 0..<5 { _ = try await subject.take(rule, key, 1, second) }
    for _ in 0..<1000 { _ = try await subject.take(rule, key, 1, second + 1) }
    try expect(
      try await subject.take(rule, key, 1, second + rule.interval).verdict, .admitted, "after a thousand refusals")
  }

  private static func keysAreIndependent(_ subject: Subject) async throws {
    let rule = try rule
    for _ in 0..<10 { _ = try await subject.take(rule, key(4), 1, second) }
    for number in UInt64(5)...40 {
      try expect(try await subject.take(rule, key(number), 1, second).remaining, 4, "the first unit of another key")
    }
  }

  private static func costsCount(_ subject: Subject) async throws {
    let (rule, key) = (try rule, key(41))
    try expect(try await subject.take(rule, key, 6, second).verdict, .refused, "more than the burst")
    try expect(try await subject.take(rule, key, 3, second).remaining, 2, "after a cost of three")
    try expect(try await subject.take(rule, key, 3, second).verdict, .refused, "three of two")
    try expect(try await subject.take(rule, key, 0, second).remaining, 2, "a look that costs nothing")
    try expect(try await subject.take(rule, key, 2, second).verdict, .admitted, "two of two")
  }

  private static func givingBackRestores(_ subject: Subject) async throws {
    let (rule, key) = (try rule, key(42))
    for _ in 0..<5 { _ = try await subject.take(rule, key, 1, second) }
    try await subject.giveBack(rule, key, 2, second)
    try expect(try await subject.take(rule, key, 2, second).verdict, .admitted, "what was given back")
    try expect(try await subject.take(rule, key, 1, second).verdict, .refused, "more than was given back")
  }

  /// Random arrivals of several keys: the store must decide exactly as the rule does with a dictionary.
  private static func agreesWithTheRule(_ subject: Subject) async throws {
    let rule = try rule
    var random = SplitMix(state: 7)
    var kept: [UInt64: Int64] = [:]
    var now = second
    for _ in 0..<5000 {
      now += Int64(random.next() % UInt64(rule.interval))
      let number = 50 + random.next() % 8
      let cost = Int(random.next() % 4)
      var arrival = kept[number] ?? now
      let wanted = rule.judge(&arrival, cost: cost, now: now)
      kept[number] = arrival
      try expect(try await subject.take(rule, key(number), cost, now), wanted, "a decision at \(now)")
    }
  }
}
