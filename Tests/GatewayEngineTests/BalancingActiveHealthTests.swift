import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

private func health(_ healthy: Int, _ unhealthy: Int) -> ActiveHealth {
  var configuration = HealthCheckConfiguration(path: "/health")
  configuration.healthy = healthy
  configuration.unhealthy = unhealthy
  return ActiveHealth(configuration)
}

@Suite struct BalancingActiveHealthTests {
  @Test func theUnknownIsHealthyAndTheFirstAnswerDecides() {
    var active = health(2, 3)
    #expect(active.isHealthy && !active.isKnown)
    #expect(active.bad() && !active.isHealthy && active.isKnown)
    active = health(2, 3)
    #expect(!active.good() && active.isHealthy && active.isKnown)
    #expect(!active.bad() && !active.bad() && active.isHealthy)
    #expect(active.bad() && !active.isHealthy)
    #expect(!active.good() && !active.bad() && !active.good() && !active.isHealthy)
    #expect(active.good() && active.isHealthy)
  }

  /// Against the plain meaning: the last answers, so many of them and all alike, decide.
  @Test func followsTheLastAnswers() {
    var generator = SplitMix(state: 8)
    for _ in 0..<300 {
      let healthy = Int.random(in: 1...4, using: &generator)
      let unhealthy = Int.random(in: 1...4, using: &generator)
      var active = health(healthy, unhealthy)
      var answers: [Bool] = []
      var expected = true
      for _ in 0..<60 {
        let before = expected
        answers.append(Bool.random(using: &generator))
        let isGood = answers.last == true
        let run = answers.reversed().prefix { $0 == isGood }.count
        if answers.count == 1 || run >= (isGood ? healthy : unhealthy) { expected = isGood }
        #expect((isGood ? active.good() : active.bad()) == (before != expected))
        #expect(active.isHealthy == expected)
      }
    }
  }

  @Test func thresholdsBelowOneAreOne() {
    var active = health(0, .min)
    #expect(active.bad() && active.good() && active.bad())
    active = health(.max, .max)
    #expect(active.bad() == true)
    for _ in 0..<100 { #expect(active.good() == false) }
  }
}
