import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

private let second: Int64 = 1_000_000_000

private func budget(_ percent: Int, least: Int) -> RetryBudget {
  var configuration = RetryConfiguration()
  configuration.budget = percent
  configuration.least = least
  return RetryBudget(configuration)
}

@Suite struct BalancingRetryBudgetTests {
  private func granted(_ budget: inout RetryBudget, now: Int64, of wishes: Int = 1000) -> Int {
    (0..<wishes).count { _ in budget.tryRetry(now: now) }
  }

  @Test func allowsTheLeastInEachSecond() {
    var budget = budget(20, least: 10)
    for now in 0..<30 { #expect(granted(&budget, now: Int64(now) * second) == 10) }
  }

  @Test func allowsAShareOfTheRequestsOfTheWindow() {
    var budget = budget(20, least: 0)
    #expect(granted(&budget, now: 0) == 0)
    for _ in 0..<100 { budget.request(now: 0) }
    #expect(granted(&budget, now: 0) == 20)
    #expect(granted(&budget, now: 9 * second + second - 1) == 0)
    for _ in 0..<50 { budget.request(now: 9 * second) }
    #expect(granted(&budget, now: 9 * second) == 10)
    // The first second is forgotten, its requests and its retries.
    #expect(granted(&budget, now: 10 * second) == 0)
    for _ in 0..<5 { budget.request(now: 10 * second) }
    #expect(granted(&budget, now: 18 * second) == 1)
    for _ in 0..<5 { budget.request(now: 40 * second) }
    #expect(granted(&budget, now: 40 * second) == 1)
  }

  @Test func theLeastIsBesidesTheShare() {
    var budget = budget(50, least: 3)
    for _ in 0..<10 { budget.request(now: 0) }
    #expect(granted(&budget, now: 0) == 8)
    #expect(granted(&budget, now: second) == 3)
  }

  /// Against plain lists of what happened; at each retry the window holds no more than it may, and a refusal has its reason.
  @Test func isNeverExceeded() {
    var generator = SplitMix(state: 9)
    for _ in 0..<100 {
      let percent = Int.random(in: 0...150, using: &generator)
      let least = Int.random(in: 0...4, using: &generator)
      var budget = budget(percent, least: least)
      var requests: [Int64] = []
      var retries: [Int64] = []
      var shared: [Int64] = []
      var now = Int64.random(in: -20...20, using: &generator) * second
      for _ in 0..<600 {
        if Int.random(in: 0..<6, using: &generator) == 0 {
          now += Int64.random(in: 0...(3 * second), using: &generator)
        }
        if Bool.random(using: &generator) {
          budget.request(now: now)
          requests.append(floor(now))
          continue
        }
        let window = (floor(now) - 9)...floor(now)
        let isFree = retries.count { $0 == floor(now) } - shared.count { $0 == floor(now) } < least
        let allowed = requests.count { window.contains($0) } * percent / 100
        let isExpected = isFree || shared.count { window.contains($0) } < allowed
        let isGranted = budget.tryRetry(now: now)
        #expect(isGranted == isExpected)
        guard isGranted else { continue }
        retries.append(floor(now))
        if !isFree { shared.append(floor(now)) }
        #expect(retries.count { window.contains($0) } <= allowed + 10 * least)
      }
    }
  }

  private func floor(_ now: Int64) -> Int64 { (now - (now % second + second) % second) / second }

  @Test func aClockThatGoesBackGivesNothingAgain() {
    var budget = budget(0, least: 2)
    #expect(granted(&budget, now: 5 * second) == 2)
    #expect(granted(&budget, now: 3 * second) == 0)
    #expect(granted(&budget, now: 5 * second) == 0)
    #expect(granted(&budget, now: 6 * second) == 2)
  }

  @Test func hugeNumbersDoNotTrap() {
    for (percent, least) in [(Int.max, Int.max), (.min, .min), (.max, 0)] {
      var budget = budget(percent, least: least)
      for now in [Int64.min, .min + 1, -second, -1, 0, 1, .max - 1, .max, .min, 0] {
        budget.request(now: now)
        #expect(budget.tryRetry(now: now) == (percent > 0))
      }
    }
  }
}
