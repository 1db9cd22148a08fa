import GatewayKit
import GatewayTesting
import SharedStores
import Testing

/// Units at a time, and what becomes of those whose holder says nothing more.
@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct HoldingTests {
  private let second: Int64 = 1_000_000_000

  @Test func unitsOfAGatewayThatIsGoneComeBack() async throws {
    let server = try await RedisServer()
    let claim = LimitClaim.concurrent(1, 5)
    let gone = try await Gateways([server.store(.caller)])
    #expect(try await gone.take(.concurrent(1, 5, cost: 4)).remaining == 1)
    await gone.driver.stop()
    try await Gateways.with(server.store(.caller)) { gateways in
      #expect(try await gateways.take(claim).remaining == 0)
      #expect(try await gateways.take(claim, now: Gateways.now + 29 * second).outcome == .refused)
      let answer = try await gateways.take(claim, now: Gateways.now + 40 * second)
      #expect(answer.outcome == .admitted && answer.remaining == 3)
    }
  }

  /// What is held is said again, however long it is held.
  @Test func unitsThatAreHeldStayHeld() async throws {
    let server = try await RedisServer()
    let claim = LimitClaim.concurrent(1, 2)
    try await Gateways.with(server.store(.caller), server.store(.caller)) { gateways in
      _ = try await gateways.take(claim, on: 0)
      for round in 1...20 as ClosedRange<Int64> {
        let now = Gateways.now + round * 9 * second
        // Any request has the ledger do what is due.
        _ = try await gateways.take(.plenty(2), now: now, on: 0)
        #expect(try await gateways.take(.concurrent(1, 2, cost: 0), now: now, on: 1).remaining == 1)
      }
    }
  }

  /// However much is to be said, requests are not refused for it.
  @Test func sayingWhatIsHeldLeavesRoomForRequests() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.maxInFlight = 16
    try await Gateways.with(RedisServer.store(settings, .caller)) { gateways in
      for number in 0..<100 as Range<UInt64> { _ = try await gateways.take(.concurrent(number, 5)) }
      let claims = try (100..<116).map { [try LimitClaim.plenty($0)] }
      let answers = try await gateways.take(claims, now: Gateways.now + 11 * second)
      #expect(answers.allSatisfy { $0.isAdmitted })
    }
  }

  /// Units whose answer was lost do not live on while the same caller goes on asking.
  @Test func unitsWhoseAnswerWasLostComeBack() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    (settings.timeout, settings.connectTimeout) = (.milliseconds(200), .milliseconds(400))
    let claim = LimitClaim.concurrent(1, 100)
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      try await gateways.adjust(claim, by: -1)
      // Nothing is held, as far as the gateway knows.
      server.pause()
      let lost = try await gateways.take(Array(repeating: [claim], count: 5))
      #expect(lost.allSatisfy { $0.failure == .timeout })
      server.resume()
      _ = try await gateways.takeAtLast(.plenty(2, cost: 0))
      // Always on its way.
      for _ in 0..<3 {
        let answers = try await gateways.take(Array(repeating: [claim], count: 2))
        #expect(answers.allSatisfy { $0.isAdmitted })
      }
      #expect(try await gateways.take(.concurrent(1, 100, cost: 0)).remaining == 94)
    }
  }

  /// Others may have what the server has forgotten: it is not used from the lease either.
  @Test func leasedUnitsEndWithTheServersRecord() async throws {
    let server = try await RedisServer()
    let claim = LimitClaim.concurrent(1, 100, lease: LimitLease(batch: 100, time: 1 << 50))
    let store = server.store(.caller)
    try await Gateways.with(store) { gateways in
      #expect(try await gateways.take(claim).isAdmitted)
      #expect(try await gateways.take(claim).isLeased)
      server.stop()
      let answers = try await gateways.take([[claim], [claim]], now: Gateways.now + 40 * second)
      #expect(answers.allSatisfy { !$0.isLeased && $0.failure != nil })
    }
  }

  /// The server forgets all; what is held is there again after the next round.
  @Test func whatWasLostIsSaidAgain() async throws {
    let server = try await RedisServer()
    try await Gateways.with(server.store(.caller), server.store(.caller)) { gateways in
      _ = try await gateways.take(.concurrent(1, 5, cost: 3), on: 0)
      _ = try await server.command("FLUSHALL")
      let now = Gateways.now + 11 * second
      _ = try await gateways.take(.plenty(2), now: now, on: 0)
      #expect(try await gateways.take(.concurrent(1, 5, cost: 0), now: now, on: 1).remaining == 2)
    }
  }

  /// An exchange that ends while its question is on its way leaves nothing behind.
  @Test func aRequestThatIsGivenUpHoldsNothing() async throws {
    let server = try await RedisServer()
    try await Gateways.with(server.store(.caller)) { gateways in
      _ = try await gateways.take(.concurrent(1, 5, cost: 0))
      try await gateways.driver.abandon([.concurrent(1, 5, cost: 2), try .plenty(2)], Gateways.now, on: 0)
      // When this is answered, what was taken before has been given back.
      _ = try await gateways.take(.plenty(3))
      #expect(try await gateways.take(.concurrent(1, 5, cost: 0)).remaining == 5)
      #expect(try await gateways.take(.plenty(2, cost: 0)).remaining == 999)
    }
  }

  @Test func leasedUnitsGoBackToTheLeaseAndThenToTheServer() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 8, time: second)
    let claim = LimitClaim.concurrent(1, 100, lease: lease)
    try await Gateways.with(server.store(.caller), server.store(.caller)) { gateways in
      #expect(try await !gateways.take(claim).isLeased)
      #expect(try await gateways.take(claim).isLeased)
      try await gateways.adjust(claim, by: -2)
      // Half of the batch is this loop's; the fifth unit has gone back.
      #expect(try await gateways.take(.concurrent(1, 100, cost: 0), on: 1).remaining == 96)
      // Nobody asks for them for as long as the lease says.
      _ = try await gateways.take(.plenty(2), now: Gateways.now + 2 * second)
      for _ in 0..<200 { _ = try await gateways.take(.plenty(2), now: Gateways.now + 2 * second) }
      #expect(try await gateways.take(.concurrent(1, 100, cost: 0), on: 1).remaining == 100)
    }
  }
}
