import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite struct BalancingRoundRobinTests {
  @Test func takesTurns() {
    var upstream = Upstream(.roundRobin, [5, 5, 5])
    #expect((0..<7).map { _ in upstream.choose() } == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func spreadsTheTurnsOfAHeavyOne() {
    var upstream = Upstream(.roundRobin, [5, 1, 1])
    #expect((0..<7).map { _ in upstream.choose() } == [0, 0, 1, 0, 2, 0, 0])
  }

  /// At any time each endpoint has had its share, give or take less than the number of endpoints; after a round exactly.
  @Test func sharesFollowTheWeights() {
    var generator = SplitMix(state: 2)
    for _ in 0..<60 {
      let weights = someWeights(8, &generator)
      let total = weights.reduce(0, +)
      var upstream = Upstream(.roundRobin, weights)
      var counts = Array(repeating: 0, count: weights.count)
      for turn in 1...total {
        guard let index = upstream.choose() else { return #expect(Bool(false)) }
        counts[index] += 1
        for index in weights.indices {
          #expect(abs(counts[index] * total - turn * weights[index]) < weights.count * total)
        }
      }
      #expect(counts == weights.map { Set(weights).count > 1 ? $0 : total / weights.count })
    }
  }

  /// The turns of one that is left out go to all others by their weights, not to the next in line.
  @Test(arguments: [[1, 1, 1, 1], [6, 3, 2, 1]]) func sharesOfOneThatIsLeftOutAreSpread(weights: [Int]) {
    for down in weights.indices {
      var upstream = Upstream(.roundRobin, weights)
      upstream.states[down].ejectedUntil = .max
      var expected = weights
      expected[down] = 0
      #expect(upstream.counts(expected.reduce(0, +) * 20) == expected.map { $0 * 20 })
    }
  }

  /// Whatever comes and goes in between, nobody piles up turns.
  @Test func staysEvenAfterDisorder() {
    var generator = SplitMix(state: 3)
    let weights = [7, 3, 2, 2, 1]
    var upstream = Upstream(.roundRobin, weights)
    for _ in 0..<5000 {
      upstream.disturb(&generator)
      _ = upstream.choose()
    }
    upstream.states = Array(repeating: EndpointState(), count: weights.count)
    for (count, weight) in zip(upstream.counts(1500), weights) { #expect(abs(count - weight * 100) <= 10) }
  }

  @Test(arguments: [[1, 1, 1], [3, 2, 1]]) func loopsBeginWithDifferentEndpoints(weights: [Int]) {
    let upstream = Upstream(.roundRobin, weights)
    let firsts = (0..<3).map { loop in
      var copy = upstream
      copy.balancer = upstream.balancer.starting(at: loop)
      return copy.choose()
    }
    #expect(Set(firsts).count > 1)
    for loop in [-1, Int.max, Int.min, 1000] {
      var copy = upstream
      copy.balancer = upstream.balancer.starting(at: loop)
      #expect(copy.counts(weights.reduce(0, +)) == weights)
    }
  }
}
