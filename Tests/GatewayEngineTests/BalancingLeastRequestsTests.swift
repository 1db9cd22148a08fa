import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite struct BalancingLeastRequestsTests {
  /// Of two, both are always drawn.
  @Test func prefersTheIdleOfTwo() {
    var upstream = Upstream(.leastRequests, [1, 1])
    upstream.states[0].inFlight = 1
    #expect(upstream.counts(500) == [0, 500])
    upstream.states[1].inFlight = 2
    #expect(upstream.counts(500) == [500, 0])
  }

  @Test func theBusiestOfManyIsNeverChosen() {
    var upstream = Upstream(.leastRequests, Array(repeating: 1, count: 10))
    upstream.states[4].inFlight = .max
    let counts = upstream.counts(9000)
    #expect(counts[4] == 0)
    for index in counts.indices where index != 4 { #expect((800...1200).contains(counts[index]), "\(counts)") }
  }

  @Test func theIdleOneIsChosenWheneverItIsDrawn() {
    var upstream = Upstream(.leastRequests, Array(repeating: 1, count: 10))
    for index in 1..<10 { upstream.states[index].inFlight = 3 }
    // Drawn as one of two of ten: a fifth.
    #expect((1800...2200).contains(upstream.counts(10_000)[0]))
  }

  /// With requests that stay, what is in flight follows the weights.
  @Test(arguments: [[1, 1, 1], [4, 2, 1], [10, 1, 1, 1, 1, 1], Array(repeating: 1, count: 40) + [10]])
  func loadFollowsTheWeights(weights: [Int]) {
    var upstream = Upstream(.leastRequests, weights)
    let total = weights.reduce(0, +)
    for _ in 0..<(total * 200) {
      guard let index = upstream.choose() else { return #expect(Bool(false)) }
      upstream.states[index].inFlight += 1
    }
    for (state, weight) in zip(upstream.states, weights) {
      #expect(abs(Double(state.inFlight) / Double(200 * weight) - 1) < 0.05)
    }
  }

  /// The largest distance from the mean stays small, unlike with one endpoint drawn at random.
  @Test func keepsTheLoadEven() {
    var upstream = Upstream(.leastRequests, Array(repeating: 1, count: 100))
    for _ in 0..<100_000 {
      if let index = upstream.choose() { upstream.states[index].inFlight += 1 }
    }
    #expect(upstream.states.allSatisfy { (990...1010).contains($0.inFlight) })
  }

  /// Equal load: chance decides, evenly, also among few that are left.
  @Test func spreadsEvenlyAmongTheUsable() {
    var upstream = Upstream(.leastRequests, Array(repeating: 2, count: 50))
    for index in 3..<50 { upstream.states[index].isHealthy = false }
    for count in upstream.counts(9000).prefix(3) { #expect((2700...3300).contains(count)) }
  }
}
