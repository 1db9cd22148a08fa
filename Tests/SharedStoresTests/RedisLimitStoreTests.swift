import GatewayKit
import GatewayTesting
import NIOCore
import SharedStores
import Testing

/// What the server keeps, and for how long.
@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct RedisLimitStoreTests {
  private func life(_ server: RedisServer, _ claim: LimitClaim) async throws -> Int64 {
    guard case .integer(let life) = try await server.command("PTTL", RedisLimitStore.name(of: claim.key)) else {
      throw HarnessError.timeout("no life")
    }
    return life
  }

  @Test func extremesAreJudgedAlike() async throws {
    let server = try await RedisServer()
    let claims = [
      try LimitClaim.rate(1, 1, .seconds(36 * 365 * 86_400), burst: 1),
      try .rate(2, 1_000_000_000, .milliseconds(1), burst: 1_000_000_000),
      try .sliding(3, 1_000_000_000, .milliseconds(1)), try .sliding(4, 1, .seconds(36 * 365 * 86_400)),
      .daily(5, .max), .daily(6, 1), .concurrent(7, .max), .concurrent(8, 1),
    ]
    try await Gateways.with(server.store(.caller)) { gateways in
      for claim in claims {
        for now in [0, 1, 1 << 60, 1 << 61] as [Int64] {
          _ = try await server.command("FLUSHALL")
          for cost in [Int64.min, -1, 0, 1, 2, 1_000_000_000, 1 << 45, Int64.max] {
            var claim = claim
            claim.cost = cost
            let answer = try await gateways.take(claim, now: LimitTime(monotonic: now, wall: now))
            #expect(answer.failure == nil, "\(claim) at \(now)")
            #expect((answer.outcome == .admitted) == (cost <= 1 && cost <= claim.rule.most) || cost > 1)
          }
          for units in [Int64.min, 0, Int64.max, 1, -1] {
            try await gateways.adjust(claim, by: units, now: LimitTime(monotonic: now, wall: now))
          }
          let answer = try await gateways.take(claim, now: LimitTime(monotonic: now, wall: now))
          #expect(answer.failure == nil, "\(claim) at \(now)")
          // Of what is held this ledger says so again, so it must let go of it.
          if case .concurrent = claim.rule { try await gateways.adjust(claim, by: .min) }
        }
      }
    }
  }

  /// By the server's clock: nobody gets more than there is, whoever asks at the same time, from whatever gateway.
  @Test func gatewaysTogetherGetExactlyWhatThereIs() async throws {
    let server = try await RedisServer()
    let claims = [
      try LimitClaim.rate(1, 1, .seconds(3600), burst: 100), try .sliding(2, 100, .seconds(3600)), .concurrent(4, 100),
    ]
    try await Gateways.with(server.store(), server.store(), server.store(), loops: 2) { gateways in
      for claim in claims {
        let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
          for ledger in 0..<gateways.driver.count {
            group.addTask { @concurrent in
              var admitted = 0
              for _ in 0..<10 {
                let answers = try await gateways.take(Array(repeating: [claim], count: 10), on: ledger)
                admitted += answers.count { $0.isAdmitted }
              }
              return admitted
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(admitted == 100, "\(claim)")
      }
    }
  }

  @Test func forgetsWhoseAllowanceIsWhole() async throws {
    let server = try await RedisServer()
    try await Gateways.with(server.store()) { gateways in
      let rate = try LimitClaim.rate(0xFED, 1, .seconds(100), burst: 3, cost: 2)
      #expect(try await gateways.take(.concurrent(1, 1, cost: 0), .daily(2, 3, cost: 0)).outcome == .admitted)
      #expect(try await server.command("DBSIZE") == .integer(0))
      #expect(try await gateways.take(rate).remaining == 1)
      #expect(RedisLimitStore.name(of: rate.key) == "gatehouse:{limits}:0123456789abcdef0000000000000fed")
      #expect((1...200_001).contains(try await life(server, rate)))
      try await gateways.adjust(rate, by: -2)
      let sliding = try LimitClaim.sliding(3, 5, .seconds(50))
      _ = try await gateways.take(sliding)
      #expect((1...50_001).contains(try await life(server, sliding)))
      try await gateways.adjust(sliding, by: -1)
      let held = LimitClaim.concurrent(4, 5)
      _ = try await gateways.take(held)
      #expect((1...60_001).contains(try await life(server, held)))
      try await gateways.adjust(held, by: -1)
      #expect(try await server.command("DBSIZE") == .integer(0))
    }
  }

  @Test func aQuotaIsForgottenWithItsPeriod() async throws {
    let server = try await RedisServer()
    try await Gateways.with(server.store()) { gateways in
      guard case .array(let time) = try await server.command("TIME"), case .bulk(let text) = time[0],
        let now = Int64(String(buffer: text))
      else { throw HarnessError.timeout("no time") }
      // The gateway's clock is a period behind: the server's says which one it is.
      let window = CalendarWindow(limit: 3, previous: now - 300, start: now - 200, end: now - 100, next: now + 100)
      let claim = LimitClaim(key: LimitKey(high: 5, low: 5), rule: .calendar(window), cost: 2)
      let answer = try await gateways.take(claim)
      #expect(answer.remaining == 1)
      #expect((80_000_000_000...100_000_000_000).contains(try #require(answer.decisions.first?.fullIn)))
      #expect((80_000...100_001).contains(try await life(server, claim)))
      #expect(try await gateways.take(claim).outcome == .refused)
    }
  }

  @Test func survivesScriptFlushAndFlushAll() async throws {
    let server = try await RedisServer()
    let claim = try LimitClaim.rate(1, 1, .seconds(3600), burst: 200)
    try await Gateways.with(server.store()) { gateways in
      for round in 1...3 as ClosedRange<Int64> {
        // Many on their way, none of which finds the script.
        let answers = try await gateways.take(Array(repeating: [claim], count: 50))
        #expect(answers.map(\.remaining) == (0..<50).map { 200 - (round - 1) * 50 - $0 - 1 })
        #expect(try await server.command("SCRIPT", "FLUSH") == .simple("OK"))
      }
      try await gateways.adjust(claim, by: 10)
      #expect(try await gateways.take(claim).remaining == 39)
      #expect(try await server.command("FLUSHALL") == .simple("OK"))
      #expect(try await gateways.take(claim).remaining == 199)
    }
  }

  /// A server whose clock was set back by a day holds nobody for a day.
  @Test func aClockThatIsSetBackLocksNobodyOut() async throws {
    let server = try await RedisServer()
    let (second, day) = (Int64(1_000_000_000), Int64(86_400_000_000_000))
    let noon = LimitTime(monotonic: Gateways.now.wall, wall: Gateways.now.wall)
    try await Gateways.with(server.store(.caller)) { gateways in
      let rate = try LimitClaim.rate(1, 1, .seconds(1), burst: 2, cost: 2)
      _ = try await gateways.take(rate, now: noon)
      #expect(try await gateways.take(rate, now: noon + -day).decisions.first?.retryIn == 2 * second)
      let sliding = try LimitClaim.sliding(2, 2, .seconds(10), cost: 2)
      _ = try await gateways.take(sliding, now: noon)
      #expect(try await gateways.take(sliding, now: noon + -day).decisions.first?.retryIn == 10 * second)
      #expect(try await gateways.take(sliding, now: noon + -day + 10 * second).outcome == .admitted)
    }
  }

  @Test func aKeyOfSomebodyElseIsAnError() async throws {
    let server = try await RedisServer()
    try await Gateways.with(server.store()) { gateways in
      let claims = [try LimitClaim.plenty(1), try .sliding(2, 1, .seconds(1)), .daily(3, 1), .concurrent(4, 1)]
      for claim in claims {
        for words in [["SET", "nonsense"], ["RPUSH", "nonsense"], ["SADD", "1"]] {
          _ = try await server.command("DEL", RedisLimitStore.name(of: claim.key))
          _ = try await server.command([words[0], RedisLimitStore.name(of: claim.key)] + words.dropFirst())
          #expect(try await gateways.take(claim).failure == .invalid, "\(claim) \(words)")
        }
      }
      // The connection is none the worse.
      #expect(try await gateways.take(.plenty(9)).remaining == 999)
    }
  }

  @Test func keysOfARequestLieInOneSlot() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.keyTag = "eu-1"
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      _ = try await gateways.take(.plenty(1), .plenty(2))
      for number in [1, 2] as [UInt64] {
        let name = RedisLimitStore.name(of: try LimitClaim.plenty(number).key, tag: "eu-1")
        #expect(name.hasPrefix("gatehouse:{eu-1}:"))
        #expect(try await server.command("EXISTS", name) == .integer(1))
      }
    }
  }
}
