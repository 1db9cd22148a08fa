import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

/// What holds for every policy.
@Suite struct BalancingChoiceTests {
  /// Against the plain meaning, over random weights, states and exclusions.
  @Test(arguments: everyPolicy) func choosesUsableThenResolvedThenNone(policy: BalancePolicy) {
    var generator = SplitMix(state: 1)
    for _ in 0..<150 {
      var upstream = Upstream(policy, someWeights(12, &generator))
      for _ in 0..<30 {
        upstream.disturb(&generator)
        let excluded = EndpointSet(upstream.states.indices.filter { _ in Bool.random(using: &generator) })
        let now: Int64 = [0, 99, 100].randomElement(using: &generator) ?? 0
        let open = upstream.states.indices.filter { upstream.states[$0].isResolved && !excluded.contains($0) }
        let usable = open.filter { upstream.states[$0].isHealthy && upstream.states[$0].ejectedUntil <= now }
        let key = Bool.random(using: &generator) ? generator.next() : nil
        let choice = upstream.choose(now: now, key: key, excluding: excluded)
        if let choice {
          #expect((usable.isEmpty ? open : usable).contains(choice))
        } else {
          #expect(open.isEmpty)
        }
      }
    }
  }

  /// In time of need the load stays spread by the weights.
  @Test(arguments: everyPolicy) func spreadsOverAllWhenNoneIsUsable(policy: BalancePolicy) {
    var upstream = Upstream(policy, [1, 1, 1, 1])
    for index in upstream.states.indices { upstream.states[index].isHealthy = false }
    upstream.states[2].isResolved = false
    let counts = upstream.counts(3000)
    #expect(counts[2] == 0)
    for index in [0, 1, 3] { #expect((800...1200).contains(counts[index]), "\(counts)") }
  }

  @Test(arguments: everyPolicy) func findsTheOnlyUsableAmongMany(policy: BalancePolicy) {
    var weights = Array(repeating: 1000, count: 200)
    weights[150] = 1
    var upstream = Upstream(policy, weights)
    for index in upstream.states.indices where index != 150 { upstream.states[index].ejectedUntil = 10 }
    for key in 0..<50 { #expect(upstream.choose(now: 5, key: UInt64(key)) == 150) }
    #expect(upstream.choose(now: 5, excluding: EndpointSet([150])) != 150)
  }

  @Test(arguments: everyPolicy) func choosesNothingWithoutEndpoints(policy: BalancePolicy) {
    var upstream = Upstream(policy, [])
    #expect(upstream.choose() == nil)
    // States that are not those of these endpoints.
    upstream = Upstream(policy, [1, 2, 3])
    upstream.states.removeLast()
    #expect(upstream.choose() == nil)
  }

  @Test(arguments: everyPolicy) func choosesTheSingleEndpointAsLongAsItHasAnAddress(policy: BalancePolicy) {
    var upstream = Upstream(policy, [3])
    upstream.states[0].isHealthy = false
    upstream.states[0].ejectedUntil = .max
    #expect(upstream.choose() == 0)
    #expect(upstream.choose(excluding: EndpointSet([0])) == nil)
    upstream.states[0].isResolved = false
    #expect(upstream.choose() == nil)
  }

  @Test(arguments: everyPolicy) func holdsWeightsWithinBounds(policy: BalancePolicy) {
    var upstream = Upstream(policy, [.max, 0, .min, 1])
    let counts = upstream.counts(1000)
    #expect(counts.reduce(0, +) == 1000)
    #expect(counts[0] > 990)
  }

  @Test func readsAnUpstream() {
    var configuration = UpstreamConfiguration(
      name: "api", endpoints: [1, 3].map { Endpoint(isTLS: false, host: "a.test", port: $0, weight: $0) },
      position: SourcePosition(file: "gatehouse.yaml", line: 1, column: 1))
    let states = [EndpointState(), EndpointState()]
    var balancer = LoadBalancer(configuration)
    let choices = (0..<4).map { _ in balancer.choose(states, now: 0, random: 0) }
    #expect(choices.count { $0 == 1 } == 3)
    configuration.balance = .hash(.path)
    balancer = LoadBalancer(configuration)
    let choice = balancer.choose(states, now: 0, key: 5, random: 0)
    for random in 1..<20 { #expect(balancer.choose(states, now: 0, key: 5, random: UInt64(random)) == choice) }
  }
}
