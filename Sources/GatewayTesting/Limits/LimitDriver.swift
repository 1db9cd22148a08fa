import GatewayEngine
package import GatewayKit
import NIOCore
import Synchronization

/// A clock that shows what it was set to.
final class SetClock: GatewayClock {
  private let time = Mutex(LimitTime(monotonic: 0, wall: 0))

  func set(_ now: LimitTime) { time.withLock { $0 = now } }
  func monotonic() -> Int64 { time.withLock { $0.monotonic } }
  func wall() -> Int64 { time.withLock { $0.wall } }
  func sleep(nanoseconds: Int64) async throws { try await Task.sleep(nanoseconds: UInt64(max(0, nanoseconds))) }
}

/// One thing that a ledger is asked or told at a time.
package struct LimitStep: Sendable {
  package var claims: [LimitClaim]
  /// How many units the first claim is adjusted by; nil when all claims are taken.
  package var units: Int64?
  package var now: LimitTime

  package static func take(_ claims: [LimitClaim], _ now: LimitTime) -> LimitStep {
    LimitStep(claims: claims, now: now)
  }

  package static func adjust(_ claim: LimitClaim, by units: Int64, _ now: LimitTime) -> LimitStep {
    LimitStep(claims: [claim], units: units, now: now)
  }
}

/// What a ledger said to a step.
package struct LimitAnswer: Sendable, Equatable {
  package var outcome: LimitRequest.Outcome
  package var decisions: [LimitDecision]
  package var isLeased: Bool

  package var isAdmitted: Bool { outcome == .admitted }
}

/// Event loops of the gateway's own with ledgers on them, driven step by step from outside. Loop `i` has the ledger of
/// store `i % stores`.
package final class LimitDriver: Sendable {
  /// Held, since ledgers are of use only as long as their stores are.
  private let stores: [any LimitStore]
  private let loops: [PollLoop]
  private let ledgers: [NIOLoopBound<Ledger>]
  private let clock = SetClock()

  private final class Ledger {
    let ledger: any LimitLedger

    init(_ ledger: any LimitLedger) { self.ledger = ledger }
  }

  /// How many ledgers there are.
  package var count: Int { ledgers.count }

  /// Starts `loops` loops for each store.
  package init(_ stores: [any LimitStore], loops count: Int) async throws {
    var (loops, ledgers) = ([PollLoop](), [NIOLoopBound<Ledger>]())
    for index in 0..<stores.count * count {
      let loop = try PollLoop.start(name: "limits-\(index)")
      loops.append(loop)
      let (store, clock) = (stores[index % stores.count], clock)
      ledgers.append(
        try await loop.submit {
          let context = LoopContext(
            eventLoop: loop, index: index, clock: clock, random: SystemRandomNumberGenerator())
          return NIOLoopBound(Ledger(store.ledger(on: context)), eventLoop: loop)
        }.get())
    }
    (self.stores, self.loops, self.ledgers) = (stores, loops, ledgers)
  }

  /// Ends the loops.
  package func stop() async { for loop in loops { await loop.stop() } }

  /// Has a ledger do steps, many of them on their way at a time, in order. The answers of adjustments are nil.
  ///
  /// Returns when the adjustments have taken effect, too: a look that costs nothing is sent after them.
  package func run(_ steps: [LimitStep], on index: Int) async throws -> [LimitAnswer?] {
    guard let last = steps.last else { return [] }
    var (steps, answers) = (steps, [LimitAnswer?]())
    if last.units != nil {
      steps.append(.take([LimitClaim(key: LimitKey(high: .max, low: .max), rule: .concurrent(1), cost: 0)], last.now))
    }
    for start in stride(from: 0, to: steps.count, by: Self.atOnce) {
      let part = Array(steps[start..<min(start + Self.atOnce, steps.count)])
      answers += try await runPart(part, on: index)
    }
    return last.units == nil ? answers : answers.dropLast()
  }

  /// Asks, and gives the request up before the answer can be there.
  package func abandon(_ claims: [LimitClaim], _ now: LimitTime, on index: Int) async throws {
    let (ledger, clock) = (ledgers[index], clock)
    try await loops[index].submit {
      clock.set(now)
      let request = LimitRequest()
      for claim in claims { request.append(claim) }
      _ = ledger.value.ledger.take(request, now: now)
      request.reset()
    }.get()
  }

  private static let atOnce = 256

  private func runPart(_ steps: [LimitStep], on index: Int) async throws -> [LimitAnswer?] {
    let (loop, ledger, clock) = (loops[index], ledgers[index], clock)
    let promise = loop.makePromise(of: [LimitAnswer?].self)
    loop.execute { Run(steps, ledger.value.ledger, clock, promise).start() }
    return try await promise.futureResult.get()
  }

  /// Some steps of one ledger that are on their way.
  private final class Run {
    let steps: [LimitStep]
    let ledger: any LimitLedger
    let clock: SetClock
    let promise: EventLoopPromise<[LimitAnswer?]>
    var answers: [LimitAnswer?]
    var left: Int

    init(
      _ steps: [LimitStep], _ ledger: any LimitLedger, _ clock: SetClock, _ promise: EventLoopPromise<[LimitAnswer?]>
    ) {
      self.steps = steps
      self.ledger = ledger
      self.clock = clock
      self.promise = promise
      answers = Array(repeating: nil, count: steps.count)
      left = 1
    }

    func start() {
      for (index, step) in steps.enumerated() {
        clock.set(step.now)
        if let units = step.units {
          ledger.adjust(step.claims[0], by: units, now: step.now)
          continue
        }
        let request = LimitRequest()
        for claim in step.claims { request.append(claim) }
        left += 1
        request.wait { self.answered(index, request) }
        if ledger.take(request, now: step.now) { answered(index, request) }
      }
      end()
    }

    func answered(_ index: Int, _ request: LimitRequest) {
      answers[index] = LimitAnswer(
        outcome: request.outcome, decisions: Array(request.decisions), isLeased: request.isLeased)
      // Lets go of what called back.
      request.reset()
      end()
    }

    func end() {
      left -= 1
      if left == 0 { promise.succeed(answers) }
    }
  }
}
