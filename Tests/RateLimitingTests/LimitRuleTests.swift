import GatewayKit
import GatewayTesting
import Synchronization
import Testing

@testable import RateLimiting

@Suite struct LimitRuleTests {
  /// The bucket that GCRA is another form of: `burst` units, one comes back in `interval`, counted as exact fractions.
  private struct Bucket {
    let rule: LimitRule
    /// Units times the interval, in nanoseconds.
    var level: Int64
    var time: Int64 = 0

    init(_ rule: LimitRule) {
      self.rule = rule
      level = rule.tolerance
    }

    mutating func take(_ cost: Int, at now: Int64) -> Bool {
      level = min(rule.tolerance, level + (now - time))
      time = now
      guard level >= Int64(cost) * rule.interval else { return false }
      level -= Int64(cost) * rule.interval
      return true
    }
  }

  @Test(arguments: 0..<40)
  func admitsExactlyWhatABucketAdmits(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let count = Int(random.next() % 1000) + 1
    let rate = try #require(Rate(count: count, period: .seconds(Int64(random.next() % 60) + 1)))
    let rule = try #require(LimitRule(rate: rate, burst: Int(random.next() % 50) + 1))
    let store = MemoryLimitStore(entries: 10)
    var bucket = Bucket(rule)
    var (now, wrong) = (Int64(0), 0)
    for _ in 0..<4000 {
      now += Int64(random.next() % UInt64(2 * rule.interval + 1))
      let cost = Int(random.next() % 3)
      let decision = store.take(rule, key: LimitKey(high: 1, low: 1), cost: cost, now: now)
      if (decision.verdict == .admitted) != bucket.take(cost, at: now) { wrong += 1 }
      if decision.remaining != bucket.level / rule.interval { wrong += 1 }
      if decision.verdict == .refused, Int64(cost) <= rule.burst {
        if decision.retryIn != Int64(cost) * rule.interval - bucket.level { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test func roundsInFavourOfTheOrigin() throws {
    let rate = try #require(Rate(count: 7, period: .seconds(1)))
    #expect(LimitRule(rate: rate, burst: 7)?.interval == 142_857_143)
  }

  @Test func refusesRulesThatWouldOverflow() throws {
    let slow = try #require(Rate(count: 1, period: .seconds(36_500 * 86_400)))
    #expect(LimitRule(rate: slow, burst: 1_000_000_000) == nil)
    #expect(LimitRule(rate: slow, burst: 0) == nil)
    let fast = try #require(Rate(count: 1_000_000_000, period: .milliseconds(1)))
    #expect(LimitRule(rate: fast, burst: 1_000_000_000)?.interval == 1)
  }

  @Test func extremesDoNotTrap() throws {
    let rate = try #require(Rate(count: 1, period: .seconds(1)))
    let rule = try #require(LimitRule(rate: rate, burst: 1_000_000_000))
    for now in [0, 1 << 61] as [Int64] {
      for cost in [Int.min, -1, 0, 1, 1_000_000_000, Int.max] {
        var arrival: Int64 = now
        let decision = rule.judge(&arrival, cost: cost, now: now)
        #expect((decision.verdict == .admitted) == (cost <= 1_000_000_000))
        #expect(decision.remaining >= 0 && decision.retryIn >= 0)
      }
    }
  }
}

@Suite struct MemoryLimitStoreTests {
  private func rule() throws -> LimitRule {
    let rate = try #require(Rate(count: 10, period: .seconds(1)))
    return try #require(LimitRule(rate: rate, burst: 5))
  }

  private func key(_ number: UInt64) -> LimitKey {
    var random = SplitMix(state: number)
    return LimitKey(high: random.next(), low: random.next())
  }

  @Test func conforms() async throws {
    try await LimitStoreConformance.check(LimitStoreConformance.Subject(MemoryLimitStore(entries: 200_000)))
    try await LimitStoreConformance.check(LimitStoreConformance.Subject(MemoryLimitStore(entries: 100)))
  }

  @Test func isBoundedAndDropsOnlyTheIdle() throws {
    let (store, rule) = (MemoryLimitStore(entries: 500), try rule())
    let start: Int64 = 1_000_000_000
    for number in 0..<UInt64(500) {
      #expect(store.take(rule, key: key(number), cost: 1, now: start).verdict == .admitted)
    }
    // Everybody is busy: nobody is dropped for a new caller.
    for number in UInt64(500)..<1000 {
      #expect(store.take(rule, key: key(number), cost: 1, now: start).verdict == .noRoom)
    }
    #expect(store.count == 500)
    for number in 0..<UInt64(500) {
      #expect(store.take(rule, key: key(number), cost: 1, now: start).remaining == 3)
    }
    // All allowances are whole again: new callers find room, and the table holds no more than it may.
    let later = start + rule.tolerance
    for number in UInt64(1000)..<1500 {
      #expect(store.take(rule, key: key(number), cost: 1, now: later).verdict == .admitted)
    }
    #expect(store.count <= 500)
  }

  @Test func forgetsNobodyWhoIsBusy() throws {
    let (store, rule) = (MemoryLimitStore(entries: 100_000), try rule())
    var kept: [UInt64: Int64] = [:]
    var random = SplitMix(state: 3)
    var now: Int64 = 1_000_000_000
    var wrong = 0
    // Keys come and go, so that buckets are split and swept all the time.
    for _ in 0..<200_000 {
      now += Int64(random.next() % 20_000)
      let number = random.next() % 30_000
      var arrival = kept[number] ?? now
      let wanted = rule.judge(&arrival, cost: 1, now: now)
      kept[number] = arrival
      if store.take(rule, key: key(number), cost: 1, now: now) != wanted { wrong += 1 }
    }
    #expect(wrong == 0)
    #expect(store.count > 1000)
  }

  @Test func shrinksWithTheTraffic() throws {
    let (store, rule) = (MemoryLimitStore(entries: 100_000), try rule())
    for number in 0..<UInt64(20_000) { _ = store.take(rule, key: key(number), cost: 1, now: 0) }
    let busy = store.count
    for number in UInt64(20_000)..<40_000 { _ = store.take(rule, key: key(number), cost: 1, now: rule.tolerance) }
    #expect(busy == 20_000)
    #expect(store.count <= 21_000)
  }

  @Test func threadsTogetherGetExactlyTheBurst() async throws {
    let rate = try #require(Rate(count: 1, period: .seconds(1000)))
    let rule = try #require(LimitRule(rate: rate, burst: 1000))
    let store = MemoryLimitStore(entries: 10_000)
    let admitted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { @concurrent in
          (0..<2000).count { _ in
            store.take(rule, key: LimitKey(high: 9, low: 9), cost: 1, now: 5).verdict == .admitted
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 1000)
  }
}
