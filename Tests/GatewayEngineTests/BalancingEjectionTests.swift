import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

private let second: Int64 = 1_000_000_000

private func passive(failures: Int = 3, base: Int = 10, longest: Int = 35, cap: Int = 50) -> PassiveHealth {
  var configuration = EjectionConfiguration()
  configuration.failures = failures
  configuration.base = .seconds(base)
  configuration.longest = .seconds(longest)
  configuration.cap = cap
  return PassiveHealth(configuration)
}

private func endpoints(_ count: Int) -> [EndpointState] { Array(repeating: EndpointState(), count: count) }

@Suite struct BalancingEjectionTests {
  @Test func leavesOutAfterFailuresInARowAndTellsTheReturn() {
    let passive = passive()
    var states = endpoints(2)
    for _ in 0..<2 { #expect(passive.failure(0, now: 0, in: &states) == nil) }
    #expect(passive.success(0, now: 0, in: &states) == nil)
    for _ in 0..<2 { #expect(passive.failure(0, now: 0, in: &states) == nil) }
    #expect(passive.failure(0, now: 5, in: &states) == .ejected(for: .seconds(10)))
    #expect(!states[0].isUsable(now: 5) && !states[0].isUsable(now: 4 + 10 * second))
    #expect(states[0].isUsable(now: 5 + 10 * second))
    // Those on their way change nothing, well or not.
    #expect(passive.success(0, now: 6, in: &states) == nil)
    for _ in 0..<10 { #expect(passive.failure(0, now: 6, in: &states) == nil) }
    #expect(states[0].ejectedUntil == 5 + 10 * second)
    #expect(passive.success(0, now: 5 + 10 * second, in: &states) == .returned)
    #expect(passive.success(0, now: 5 + 10 * second, in: &states) == nil)
  }

  @Test func tellsTheReturnAtAFailureOrWhenAskedToo() {
    let passive = passive()
    var states = endpoints(2)
    for _ in 0..<3 { _ = passive.failure(0, now: 0, in: &states) }
    #expect(passive.noteReturn(0, now: 10 * second - 1, in: &states) == nil)
    var asked = states
    #expect(passive.noteReturn(0, now: 10 * second, in: &asked) == .returned)
    #expect(passive.noteReturn(0, now: 10 * second, in: &asked) == nil)
    #expect(passive.failure(0, now: 10 * second, in: &states) == .returned)
    #expect(passive.failure(0, now: 10 * second, in: &states) == nil)
    #expect(passive.failure(0, now: 10 * second, in: &states) == .ejected(for: .seconds(20)))
  }

  @Test func growsUpToTheLongestAndFallsWithEachPeriodThatItWorked() {
    let passive = passive(failures: 1)
    var states = endpoints(2)
    var now: Int64 = 0
    func fail(after pause: Int64) -> EjectionEvent? {
      now = max(states[0].ejectedUntil, 0) + pause
      return passive.failure(0, now: now, in: &states)
    }
    for seconds in [10, 20, 30, 35, 35, 35] { #expect(fail(after: 0) == .ejected(for: .seconds(seconds))) }
    // Four times are the most that count; two periods forget two of them.
    #expect(fail(after: 20 * second) == .ejected(for: .seconds(30)))
    #expect(fail(after: 10 * second) == .ejected(for: .seconds(30)))
    #expect(fail(after: 10 * second - 1) == .ejected(for: .seconds(35)))
    #expect(fail(after: 1000 * second) == .ejected(for: .seconds(10)))
  }

  @Test func neverLeavesOutTheLastUsable() {
    let passive = passive(failures: 1, cap: 100)
    var states = endpoints(1)
    for _ in 0..<9 { #expect(passive.failure(0, now: 0, in: &states) == nil) }
    states = endpoints(3)
    states[1].isHealthy = false
    states[2].isResolved = false
    for _ in 0..<9 { #expect(passive.failure(0, now: 0, in: &states) == nil) }
    states[2].isResolved = true
    #expect(passive.failure(0, now: 0, in: &states) == .ejected(for: .seconds(10)))
    for _ in 0..<9 { #expect(passive.failure(2, now: 0, in: &states) == nil) }
  }

  @Test func oneMayAlwaysBeLeftOutOfTwo() {
    let passive = passive(failures: 1, cap: 0)
    var states = endpoints(2)
    #expect(passive.failure(1, now: 0, in: &states) == .ejected(for: .seconds(10)))
    #expect(passive.failure(0, now: 0, in: &states) == nil)
  }

  /// For any events at any times, with health and addresses changing in between.
  @Test func holdsTheCapForAnySequence() {
    var generator = SplitMix(state: 6)
    for _ in 0..<200 {
      let count = Int.random(in: 1...20, using: &generator)
      let cap = Int.random(in: 0...100, using: &generator)
      let passive = passive(failures: Int.random(in: 1...3, using: &generator), cap: cap)
      let allowed = count < 2 ? 0 : max(1, count * cap / 100)
      var states = endpoints(count)
      var now = Int64.random(in: -50...50, using: &generator) * second
      for _ in 0..<400 {
        let index = Int.random(in: 0..<count, using: &generator)
        now += Int64.random(in: 0...2, using: &generator) * second
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: states[index].isHealthy.toggle()
        case 1: states[index].isResolved.toggle()
        case 2...6: _ = passive.success(index, now: now, in: &states)
        default:
          let event = passive.failure(index, now: now, in: &states)
          if case .ejected(let time) = event {
            #expect(states.contains { $0.isUsable(now: now) }, "the last usable was left out")
            #expect(states[index].ejectedUntil == now + time.nanoseconds)
            #expect(time >= .seconds(10) && time <= .seconds(35))
          }
        }
        #expect(states.count { $0.isEjected(now: now) } <= allowed)
      }
    }
  }

  @Test func hugeNumbersDoNotTrap() {
    var configuration = EjectionConfiguration()
    configuration.failures = .max
    configuration.cap = .max
    var states = endpoints(3)
    states[0].failures = .max
    var passive = PassiveHealth(configuration)
    for now in [Int64.min, -1, 0, .max] { _ = passive.failure(0, now: now, in: &states) }
    configuration.failures = .min
    for (base, longest) in [(Int64.max, Int64.max), (1, .max), (.max, 1), (0, 0), (.min, .min)] {
      configuration.base = .seconds(base)
      configuration.longest = .seconds(longest)
      passive = PassiveHealth(configuration)
      states = endpoints(3)
      var latest = Int64.min
      for now in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max, .min, 0, .max] {
        latest = max(now, latest)
        for index in [0, 1, 2, 3, -1] {
          _ = passive.failure(index, now: now, in: &states)
          _ = passive.success(index, now: now, in: &states)
        }
        // A clock that goes back has no meaning, but must not trap.
        #expect(now < latest || states.contains { $0.isUsable(now: now) })
      }
    }
  }
}
