import GatewayKit
import GatewayTesting
import NIOCore
import SharedStores
import Testing

@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct RedisLimitStoreTests {
  private func rule(_ count: Int, _ period: Duration, burst: Int) throws -> LimitRule {
    let rate = try #require(Rate(count: count, period: period))
    return try #require(LimitRule(rate: rate, burst: burst))
  }

  private let key = LimitKey(high: 0x0123_4567_89AB_CDEF, low: 0xFED)

  @Test func conforms() async throws {
    let server = try await RedisServer()
    try await LimitStoreConformance.check(LimitStoreConformance.Subject(shared: server.store(.caller)))
  }

  /// Real times since 1970, rules with awkward intervals: what a double would round away decides here.
  @Test(arguments: 0..<6) func agreesWithTheRuleToTheNanosecond(seed: UInt64) async throws {
    let server = try await RedisServer()
    let store = server.store(.caller)
    var random = SplitMix(state: seed)
    let longest: [Int64] = [7, 1_000, 1_000_003, 999_999_999, 3_600_000_000_007, 1 << 50]
    let rule = try rule(
      Int(random.next() % 7) + 1, .nanoseconds(longest[Int(seed) % longest.count]), burst: Int(random.next() % 9) + 1)
    var (now, arrival) = (Int64(1_795_449_600_123_456_789), Int64(0))
    var admitted = 0
    for step in 0..<600 {
      now += Int64(random.next() % UInt64(2 * rule.interval + 1))
      if step % 7 == 0 {
        // Exactly when a unit is due, and a nanosecond early.
        now = max(now, arrival - rule.tolerance + rule.interval - Int64(random.next() % 2))
      }
      let cost = Int(random.next() % 4)
      if step % 11 == 0, cost > 0, cost <= rule.burst {
        try await store.giveBack(rule, key: key, cost: cost, now: now)
        arrival -= Int64(cost) * rule.interval
      }
      let wanted = rule.judge(&arrival, cost: cost, now: now)
      #expect(try await store.take(rule, key: key, cost: cost, now: now) == wanted, "step \(step) at \(now)")
      if wanted.verdict == .admitted { admitted += 1 }
    }
    #expect((1..<600).contains(admitted))
  }

  @Test func extremesAreJudgedAlike() async throws {
    let server = try await RedisServer()
    let store = server.store(.caller)
    let slow = try rule(1, .seconds(36 * 365 * 86_400), burst: 1)
    let fast = try rule(1_000_000_000, .milliseconds(1), burst: 1_000_000_000)
    for (number, rule) in [slow, fast].enumerated() {
      let key = LimitKey(high: 0, low: UInt64(number))
      for now in [0, 1, 1 << 60, 1 << 61] as [Int64] {
        var arrival: Int64 = 0
        _ = try await server.command("FLUSHALL")
        for cost in [Int.min, -1, 0, 1, 2, 1_000_000_000, Int.max] {
          let wanted = rule.judge(&arrival, cost: cost, now: now)
          #expect(try await store.take(rule, key: key, cost: cost, now: now) == wanted)
        }
        for cost in [Int.min, 0, Int.max] { try await store.giveBack(rule, key: key, cost: cost, now: now) }
        let wanted = rule.judge(&arrival, cost: 0, now: now)
        #expect(try await store.take(rule, key: key, cost: 0, now: now) == wanted)
      }
    }
  }

  /// By the server's clock: nobody gets more than the burst, whoever asks at the same time, from whatever gateway.
  @Test func gatewaysTogetherGetExactlyTheBurst() async throws {
    let server = try await RedisServer()
    let rule = try rule(1, .seconds(3600), burst: 100)
    let (key, gateways) = (key, (0..<3).map { _ in server.store() })
    let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<12 {
        group.addTask { @concurrent in
          var admitted = 0
          for _ in 0..<50 {
            let decision = try await gateways[task % 3].take(rule, key: key, cost: 1, now: 0)
            if decision.verdict == .admitted { admitted += 1 }
          }
          return admitted
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(admitted == 100)
    try await gateways[0].giveBack(rule, key: key, cost: 1, now: 0)
    #expect(try await gateways[1].take(rule, key: key, cost: 1, now: 0).verdict == .admitted)
    #expect(try await gateways[2].take(rule, key: key, cost: 1, now: 0).verdict == .refused)
  }

  @Test func forgetsACallerWhoseAllowanceIsWhole() async throws {
    let server = try await RedisServer()
    let store = server.store()
    let rule = try rule(1, .seconds(100), burst: 3)
    #expect(try await store.take(rule, key: key, cost: 0, now: 0).remaining == 3)
    #expect(try await server.command("DBSIZE") == .integer(0))
    #expect(try await store.take(rule, key: key, cost: 2, now: 0).remaining == 1)
    let name = "gatehouse:{0123456789abcdef0000000000000fed}"
    #expect(RedisLimitStore.name(of: key) == name)
    guard case .integer(let life) = try await server.command("PTTL", name) else { throw HarnessError.incompleteHead }
    #expect((1...200_001).contains(life))
    try await store.giveBack(rule, key: key, cost: 2, now: 0)
    #expect(try await server.command("DBSIZE") == .integer(0))
  }

  @Test func survivesScriptFlushAndFlushAll() async throws {
    let server = try await RedisServer()
    let store = server.store()
    let rule = try rule(1, .seconds(3600), burst: 2)
    for left in [1, 0] as [Int64] {
      #expect(try await store.take(rule, key: key, cost: 1, now: 0).remaining == left)
      #expect(try await server.command("SCRIPT", "FLUSH") == .simple("OK"))
    }
    #expect(try await store.take(rule, key: key, cost: 1, now: 0).verdict == .refused)
    #expect(try await server.command("FLUSHALL") == .simple("OK"))
    #expect(try await store.take(rule, key: key, cost: 1, now: 0).remaining == 1)
  }

  /// A server whose clock was set back by a day holds nobody for a day.
  @Test func aClockThatIsSetBackLocksNobodyOut() async throws {
    let server = try await RedisServer()
    let store = server.store(.caller)
    let rule = try rule(1, .seconds(1), burst: 2)
    let (day, noon) = (Int64(86_400_000_000_000), Int64(1_795_449_600_000_000_000))
    #expect(try await store.take(rule, key: key, cost: 2, now: noon).verdict == .admitted)
    let decision = try await store.take(rule, key: key, cost: 1, now: noon - day)
    #expect(decision == LimitDecision(.refused, remaining: 0, fullIn: rule.tolerance, retryIn: rule.interval))
  }

  @Test func aKeyOfSomebodyElseIsAnError() async throws {
    let server = try await RedisServer()
    let (store, rule) = (server.store(), try rule(1, .seconds(1), burst: 1))
    _ = try await server.command("SET", RedisLimitStore.name(of: key), "nonsense")
    await #expect(throws: RedisError.failed("ERR the key holds no time")) {
      try await store.take(rule, key: key, cost: 1, now: 0)
    }
    _ = try await server.command("SET", RedisLimitStore.name(of: key), "-5 0")
    await #expect(throws: RedisError.self) { try await store.take(rule, key: key, cost: 1, now: 0) }
  }
}
