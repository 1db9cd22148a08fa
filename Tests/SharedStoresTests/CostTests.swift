import Foundation
import GatewayEngine
import GatewayKit
import GatewayTesting
import NIOCore
import SharedStores
import Testing

/// What a limit costs a loop's thread, printed. Says something in a release build only, on a machine that does nothing else:
/// `GATEHOUSE_MEASURE=1 swift test -c release --filter CostTests`.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["GATEHOUSE_MEASURE"] != nil, "GATEHOUSE_MEASURE is not set"))
struct CostTests {
  private static let lease = LimitLease(batch: 1 << 20, time: 3_600_000_000_000)

  /// Claims with allowances that never end here.
  private static func claims(_ count: Int, from first: UInt64, lease: LimitLease? = nil) throws -> [LimitClaim] {
    try (0..<UInt64(count)).map { number in
      var random = SplitMix(state: first + number)
      var claim = try LimitClaim.rate(0, 1_000_000, .milliseconds(1), burst: 1_000_000_000, lease: lease)
      claim.key = LimitKey(high: random.next(), low: random.next())
      return claim
    }
  }

  private func measure(
    _ name: String, _ server: RedisServer, _ body: @escaping @Sendable (Loop) -> EventLoopFuture<Double>
  ) async throws {
    let store = server.store()
    let loop = try PollLoop.start(name: "cost")
    let cost = try await loop.flatSubmit {
      let context = LoopContext(
        eventLoop: loop, index: 0, clock: SystemClock(), random: SystemRandomNumberGenerator())
      return body(Loop(loop: loop, ledger: store.ledger(on: context)))
    }.get()
    await loop.stop()
    print("\(name): \((cost * 1000).rounded() / 1000) microseconds")
  }

  /// What runs on the loop.
  fileprivate struct Loop {
    let loop: PollLoop
    let ledger: any LimitLedger
  }

  @Test(arguments: [1, 3], [1, 2000]) func leasedTake(claims: Int, callers: Int) async throws {
    let server = try await RedisServer()
    let all = try (0..<callers).map { try Self.claims(claims, from: UInt64($0 * claims), lease: Self.lease) }
    try await measure("\(claims) leased of \(callers) callers", server) { loop in
      let promise = loop.loop.makePromise(of: Double.self)
      // The first round fetches what the second one finds.
      Asker(loop.ledger, all, takes: callers, inFlight: 64) { _ in
        let request = LimitRequest()
        let start = Asker.processorTime()
        let takes = 400_000
        for index in 0..<takes {
          request.reset()
          for claim in all[index % callers] { request.append(claim) }
          guard loop.ledger.take(request, now: Gateways.now), request.isLeased else {
            return promise.fail(HarnessError.timeout("a request had to wait"))
          }
        }
        promise.succeed((Asker.processorTime() - start) / Double(takes))
      }.start()
      return promise.futureResult
    }
  }

  @Test(arguments: [1, 3], [1, 8, 64]) func sharedTake(claims: Int, inFlight: Int) async throws {
    let server = try await RedisServer()
    let all = try (0..<1000).map { try Self.claims(claims, from: UInt64($0 * claims)) }
    try await measure("\(claims) shared, \(inFlight) at a time", server) { loop in
      let promise = loop.loop.makePromise(of: Double.self)
      Asker(loop.ledger, all, takes: 2000, inFlight: inFlight) { _ in
        Asker(loop.ledger, all, takes: 60_000, inFlight: inFlight) { promise.succeed($0) }.start()
      }.start()
      return promise.futureResult
    }
  }
}

extension CostTests {
  /// What a take costs with its part of the fetches, one request in a turn of the loop, and how many had to wait.
  @Test(arguments: [64, 1024] as [Int64]) func refill(batch: Int64) async throws {
    let server = try await RedisServer()
    let claim = try #require(
      try Self.claims(1, from: 1, lease: LimitLease(batch: batch, time: 3_600_000_000_000)).first)
    try await measure("1 leased, batch of \(batch), with its fetches", server) { loop in
      let promise = loop.loop.makePromise(of: Double.self)
      Walker(loop.loop, loop.ledger, claim, takes: 50_000) { cost, waits in
        print("batch of \(batch): \(waits) of 50000 waited")
        promise.succeed(cost)
      }.next()
      return promise.futureResult
    }
  }
}

/// Asks once in each turn of the loop.
private final class Walker {
  private let loop: PollLoop
  private let ledger: any LimitLedger
  private let claim: LimitClaim
  private let takes: Int
  private let request = LimitRequest()
  private let begun = Asker.processorTime()
  private let done: (Double, Int) -> Void
  private var taken = 0
  private var waits = 0

  init(
    _ loop: PollLoop, _ ledger: any LimitLedger, _ claim: LimitClaim, takes: Int,
    done: @escaping (Double, Int) -> Void
  ) {
    (self.loop, self.ledger, self.claim, self.takes, self.done) = (loop, ledger, claim, takes, done)
  }

  func next() {
    guard taken < takes else { return done((Asker.processorTime() - begun) / Double(takes), waits) }
    taken += 1
    request.reset()
    request.append(claim)
    request.wait { self.later() }
    if ledger.take(request, now: Gateways.now) { later() } else { waits += 1 }
  }

  private func later() { loop.assumeIsolated().execute { self.next() } }
}

/// Asks with so many requests at a time, again and again, and tells what that cost the thread for each, in microseconds.
private final class Asker {
  private let ledger: any LimitLedger
  private let claims: [[LimitClaim]]
  private let requests: [LimitRequest]
  private let takes: Int
  private var left: Int
  private var unanswered: Int
  private var begun = 0.0
  private var done: ((Double) -> Void)?

  init(
    _ ledger: any LimitLedger, _ claims: [[LimitClaim]], takes: Int, inFlight: Int, done: @escaping (Double) -> Void
  ) {
    self.ledger = ledger
    self.claims = claims
    self.takes = takes
    self.done = done
    requests = (0..<inFlight).map { _ in LimitRequest() }
    left = takes
    unanswered = takes
  }

  func start() {
    begun = Self.processorTime()
    for request in requests { ask(request) }
  }

  private func ask(_ request: LimitRequest) {
    while left > 0 {
      left -= 1
      request.reset()
      for claim in claims[left % claims.count] { request.append(claim) }
      request.wait {
        self.answered()
        self.ask(request)
      }
      guard ledger.take(request, now: Gateways.now) else { return }
      answered()
    }
  }

  private func answered() {
    unanswered -= 1
    guard unanswered == 0 else { return }
    let done = done.take()
    done?((Self.processorTime() - begun) / Double(takes))
  }

  /// Of this thread, in microseconds.
  static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1000
  }
}
