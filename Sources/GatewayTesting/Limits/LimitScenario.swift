import GatewayKit

/// Random arrivals of some callers, from a seed: the same for every store.
struct LimitScenario {
  /// The four kinds of rules.
  enum Kind: CaseIterable {
    case rate, sliding, calendar, concurrent
  }

  /// Somebody with an allowance.
  struct Caller {
    let kind: Kind
    let key: LimitKey
    /// For a calendar: with the borders of no period yet.
    let rule: LimitRule
    let length: Int64
  }

  private(set) var random: SplitMix
  private(set) var now = LimitTime(monotonic: 1_000_000_000_000, wall: 1_795_449_600_123_456_789)
  let callers: [Caller]

  /// - Parameter scale: about how long an allowance takes to become whole, in nanoseconds; at random when nil.
  init?(seed: UInt64, kinds: [Kind], callers count: Int, scale: Int64? = nil) {
    // Other kinds of callers have other keys: a key is never judged by two rules.
    let salt = kinds.reduce(UInt64(count)) { $0 &* 8 &+ UInt64(Kind.allCases.firstIndex(of: $1) ?? 0) }
    var random = SplitMix(state: seed &+ salt &* 0x2545_F491_4F6C_DD1D)
    let scale = scale ?? Self.scales[Int(random.next() % UInt64(Self.scales.count))]
    var callers: [Caller] = []
    for number in 0..<count {
      let kind = kinds[number % kinds.count]
      guard let rule = Self.rule(kind, scale, &random) else { return nil }
      callers.append(
        Caller(
          kind: kind, key: LimitKey(high: random.next(), low: random.next()), rule: rule,
          length: max(scale / 1_000_000_000, 1)))
    }
    self.callers = callers
    self.random = random
    self.scale = scale
  }

  private let scale: Int64
  /// What a double would round away decides with some of them.
  private static let scales: [Int64] = [70, 10_000, 1_000_003, 999_999_999, 36_000_000_000_007, 1 << 50]

  private static func rule(_ kind: Kind, _ scale: Int64, _ random: inout SplitMix) -> LimitRule? {
    switch kind {
    case .rate:
      guard let rate = Rate(count: Int(random.next() % 7) + 1, period: .nanoseconds(scale)) else { return nil }
      return CellRate(rate: rate, burst: Int(random.next() % 9) + 1).map { .rate($0) }
    case .sliding:
      let count = random.next() % 3 == 0 ? Int(random.next() % 200) + 100 : Int(random.next() % 12) + 1
      return Rate(count: count, period: .nanoseconds(scale)).flatMap { SlidingWindow(rate: $0) }.map { .sliding($0) }
    case .calendar:
      let limit = Int64(random.next() % 20) + 1
      return .calendar(CalendarWindow(limit: limit, previous: 0, start: 0, end: 0, next: 0))
    case .concurrent: return .concurrent(Int64(random.next() % 10) + 1)
    }
  }

  /// A number from 0 to `bound`, not included.
  mutating func number(_ bound: Int64) -> Int64 { Int64(random.next() % UInt64(max(bound, 1))) }

  /// Time passes: now and then none, mostly less than an allowance takes to become whole; once in a while the wall clock is
  /// set.
  mutating func pass(_ parts: Int64 = 8, setsClock: Bool = false) {
    let span = number(4) == 0 ? 0 : number(max(scale / parts, 2))
    let step = setsClock && number(40) == 0 ? number(3 * scale) - scale : 0
    now = LimitTime(
      monotonic: now.monotonic + span, wall: max(now.wall + span + step, 1_700_000_000_000_000_000))
  }

  /// Moves on to a moment, if it has not passed.
  mutating func pass(to monotonic: Int64) {
    guard monotonic > now.monotonic else { return }
    now = LimitTime(monotonic: monotonic, wall: now.wall + monotonic - now.monotonic)
  }

  /// The rule of a caller as a gateway would give it now, whose clock may be a period off.
  mutating func rule(of caller: Caller, skewed: Bool = false) -> LimitRule {
    guard case .calendar(let window) = caller.rule else { return caller.rule }
    let skew = skewed ? number(3) - 1 : 0
    let start = (now.wall / 1_000_000_000 / caller.length + skew) * caller.length
    return .calendar(
      CalendarWindow(
        limit: window.limit, previous: start - caller.length, start: start, end: start + caller.length,
        next: start + 2 * caller.length))
  }

  /// A claim with a random cost.
  mutating func claim(of caller: Caller, skewed: Bool = false) -> LimitClaim {
    let cost = number(12) == 0 ? caller.rule.most + number(3) - 1 : number(4)
    var claim = LimitClaim(key: caller.key, rule: rule(of: caller, skewed: skewed), cost: cost)
    if case .rate(let rate) = caller.rule, number(4) == 0 { claim.patience = number(rate.tolerance + 2) }
    return claim
  }
}
