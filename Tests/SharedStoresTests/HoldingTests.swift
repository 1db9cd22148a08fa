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
