import GatewayKit
import GatewayTesting
import SharedStores
import Testing

/// Units in advance, with the server.
@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct LeasedTests {
  private let second: Int64 = 1_000_000_000

  /// What was held while the allowance became whole again can be had besides it: so much, and no more.
  @Test func hoardedUnitsAreTheOvershoot() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 40, time: 1000 * second)
    let claim = try LimitClaim.rate(1, 10, .seconds(1), burst: 100, lease: lease)
    let stores = server.stores(2)
    try await Gateways.with(stores[0], stores[1]) { gateways in
      for ledger in [0, 1] { _ = try await gateways.take(claim, on: ledger) }
      let later = Gateways.now + 100 * second
      var admitted = 0
      for ledger in [0, 1, 0, 1] {
        admitted += try await gateways.take(Array(repeating: [claim], count: 100), now: later, on: ledger)
          .count { $0.isAdmitted }
      }
      let most = 100 + lease.overshoot(of: claim.rule, gateways: stores[0].gateways)
      #expect(admitted > 100 && admitted <= most)
    }
  }

  /// All at the same time, from several loops of several gateways, by the server's clock.
  @Test func nobodyGetsMoreThanThereIs() async throws {
    let server = try await RedisServer()
    let (stores, lease) = (server.stores(3, .server), LimitLease(batch: 30, time: 1000 * second))
    let claims = [
      try LimitClaim.rate(1, 1, .seconds(36_000), burst: 1000, lease: lease), .concurrent(3, 1000, lease: lease),
    ]
    try await Gateways.with(stores[0], stores[1], stores[2], loops: 2) { gateways in
      for claim in claims {
        let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
          for ledger in 0..<gateways.driver.count {
            group.addTask { @concurrent in
              var admitted = 0
              for _ in 0..<40 {
                admitted += try await gateways.take(Array(repeating: [claim], count: 8), on: ledger)
                  .count { $0.isAdmitted }
              }
              return admitted
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(admitted <= 1000 && admitted >= 1000 - 3 * 30, "\(claim)")
      }
    }
  }

  /// Only the first request waits: before its units are used up there are more. Of all kinds.
  @Test func unitsAreThereBeforeTheyAreMissed() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 40, time: 1000 * second)
    var sliding = try LimitClaim.sliding(3, 100_000, .seconds(3600))
    sliding.lease = lease
    let claims = [
      try LimitClaim.rate(2, 1, .seconds(3600), burst: 100_000, lease: lease), sliding,
      .daily(4, 100_000, lease: lease), .concurrent(5, 100_000, lease: lease),
    ]
    try await Gateways.with(server.store(.caller)) { gateways in
      for claim in claims {
        #expect(try await gateways.take(claim).isAdmitted)
        for _ in 0..<200 {
          #expect(try await gateways.take(claim).isLeased, "\(claim)")
          // When this is answered, what was fetched is there.
          _ = try await gateways.take(.plenty(9, cost: 0))
        }
        var look = claim
        (look.cost, look.lease) = (0, nil)
        let left = try #require(try await gateways.take(look).remaining)
        // What was taken, and at most the batch.
        #expect((100_000 - 201 - 40...100_000 - 201).contains(left), "\(claim)")
      }
      // A look leaves nothing behind.
      _ = try await server.command("FLUSHALL")
      _ = try await gateways.take(.plenty(9, cost: 0))
      #expect(try await server.command("DBSIZE") == .integer(0))
    }
  }

  /// What cannot be given back is used on.
  @Test func aQuotasUnitsOutliveAnOutage() async throws {
    let server = try await RedisServer()
    let claim = LimitClaim.daily(1, 1000, lease: LimitLease(batch: 100, time: second))
    try await Gateways.with(server.store(.caller)) { gateways in
      #expect(try await gateways.take(claim).isAdmitted)
      server.stop()
      // Until it is known that nobody can be told.
      while try await gateways.take(.plenty(9)).failure != .resting {}
      let answers = try await gateways.take(
        Array(repeating: [claim], count: 50), now: Gateways.now + 3600 * second)
      #expect(answers.allSatisfy { $0.isLeased })
    }
  }

  /// Near the end of an allowance nobody takes what others could use.
  @Test func aFairPartIsTaken() async throws {
    let server = try await RedisServer()
    let stores = server.stores(4)
    let claim = try LimitClaim.rate(1, 1, .seconds(36_000), burst: 41, lease: LimitLease(batch: 1000, time: 1 << 50))
    try await Gateways.with(stores[0], stores[1]) { gateways in
      _ = try await gateways.take(claim)
      var look = claim
      (look.cost, look.lease) = (0, nil)
      // A quarter of the 40 that were left.
      #expect(try await gateways.take(look, on: 1).remaining == 30)
    }
  }

  @Test func aRefusalAsksOnce() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 8, time: 5 * second)
    let slow = try LimitClaim.rate(1, 1, .seconds(100), burst: 1, lease: lease)
    let (other, fresh) = (try LimitClaim.plenty(2, lease: lease), try LimitClaim.plenty(3))
    try await Gateways.with(server.store(.caller)) { gateways in
      #expect(try await gateways.take(slow).isAdmitted)
      #expect(try await !gateways.take(slow).isLeased)
      for claims in [[slow], [slow, other], [other, slow, fresh]] {
        let answer = try await gateways.take([claims])[0]
        #expect(answer.outcome == .refused && answer.isLeased && answer.decisions.count == claims.count)
      }
      #expect(try await gateways.take(slow, now: Gateways.now + 3 * second).decisions.first?.retryIn == 97 * second)
      // For as long as the lease says; then it is asked again.
      #expect(try await !gateways.take(slow, now: Gateways.now + 5 * second).isLeased)
      // A shadow that is refused refuses nobody.
      var shadow = slow
      shadow.isShadow = true
      #expect(try await gateways.take(shadow, now: Gateways.now + 6 * second).isAdmitted)
      #expect(try await gateways.take(.plenty(2, cost: 0)).remaining == 1000)
    }
  }

  /// Units of today are not used tomorrow, and are not given back to tomorrow.
  @Test func aQuotasUnitsEndWithItsPeriod() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 20, time: 7 * 86_400 * second)
    let today = LimitClaim.daily(1, 100, lease: lease)
    guard case .calendar(let day) = today.rule else { return }
    var tomorrow = LimitClaim(
      key: today.key,
      rule: .calendar(
        CalendarWindow(limit: 100, previous: day.start, start: day.end, end: day.next, next: day.next + 86_400)),
      cost: 1)
    try await Gateways.with(server.store(.caller), server.store(.caller)) { gateways in
      _ = try await gateways.take(today)
      let next = Gateways.now + 86_400 * second
      #expect(try await gateways.take(tomorrow, now: next, on: 1).remaining == 99)
      tomorrow.lease = lease
      #expect(try await !gateways.take(tomorrow, now: next).isLeased)
      tomorrow.lease = nil
      tomorrow.cost = 0
      // Two were taken, and ten are held, of this day.
      #expect(try await gateways.take(tomorrow, now: next, on: 1).remaining == 88)
    }
  }
}
