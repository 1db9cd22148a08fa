import GatewayKit
import GatewayTesting

@testable import GatewayEngine

/// One upstream with its states, as a loop holds it.
struct Upstream {
  var balancer: LoadBalancer
  var states: [EndpointState]
  var chance = SplitMix(state: 7)

  init(_ policy: BalancePolicy, _ weights: [Int], identities: [String]? = nil) {
    balancer = LoadBalancer(
      policy: policy, weights: weights, identities: identities ?? weights.indices.map { "10.0.0.\($0):8080" })
    states = Array(repeating: EndpointState(), count: weights.count)
  }

  mutating func choose(now: Int64 = 0, key: UInt64? = nil, excluding excluded: EndpointSet = EndpointSet()) -> Int? {
    let random = chance.next()
    return balancer.choose(states, now: now, key: key, excluding: excluded, random: random)
  }

  /// How often each endpoint is chosen.
  mutating func counts(_ choices: Int, excluding excluded: EndpointSet = EndpointSet()) -> [Int] {
    var counts = Array(repeating: 0, count: states.count)
    for _ in 0..<choices {
      if let index = choose(excluding: excluded) { counts[index] += 1 }
    }
    return counts
  }

  /// Brings the states into disorder; some are ejected until 100.
  mutating func disturb(_ generator: inout SplitMix) {
    for index in states.indices {
      states[index].isResolved = Int.random(in: 0..<4, using: &generator) > 0
      states[index].isHealthy = Int.random(in: 0..<3, using: &generator) > 0
      states[index].ejectedUntil = Int.random(in: 0..<3, using: &generator) == 0 ? 100 : .min
      states[index].inFlight = [0, 1, 5, 1000, .max].randomElement(using: &generator) ?? 0
    }
  }
}

let everyPolicy: [BalancePolicy] = [.roundRobin, .leastRequests, .hash(.token)]

/// Weights of all sorts: equal, unequal, extreme; from 1 to `most` endpoints.
func someWeights(_ most: Int, _ generator: inout SplitMix) -> [Int] {
  let largest = [1, 2, 10, 1000].randomElement(using: &generator) ?? 1
  return (0..<Int.random(in: 1...most, using: &generator)).map { _ in Int.random(in: 1...largest, using: &generator) }
}
