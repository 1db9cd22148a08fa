import GatewayKit

/// Chooses the endpoint of an upstream that a request is sent to. One per loop and upstream.
///
/// What is built from the endpoints (see ``ConsistentTable``) is shared by copies: build one balancer, off the loops, and
/// give each loop a copy of its own by ``starting(at:)``. With a thousand endpoints the table takes a fifth of a second.
///
/// **When nothing is usable.** A choice falls on an endpoint that is usable and not excluded, if there is one. If there is
/// none, ejection and bad health are overlooked and the policy chooses among all that have an address and are not
/// excluded: a request that may succeed is better than one that fails for certain, and the load stays spread.
struct LoadBalancer: Sendable {
  private enum Kind { case roundRobin, leastRequests, hash }

  /// How many endpoints there are.
  let count: Int
  private let kind: Kind
  // The part of the policy is filled, the others are empty. An enum would have to be taken apart for each choice.
  private var roundRobin = RoundRobin(weights: [])
  private var leastRequests = LeastRequests(weights: [])
  private var table = ConsistentTable(weights: [], identities: [])

  /// A weight is held within these bounds.
  static let weights = 1...1_000_000

  /// - Parameters:
  ///   - policy: how to choose; the caller makes the key of a hash policy.
  ///   - weights: the endpoints' shares, in their order.
  ///   - identities: what the endpoints are known by, as many as weights. Keys follow these, whatever the order.
  init(policy: BalancePolicy, weights: [Int], identities: [String]) {
    let weights = weights.map { min(max($0, Self.weights.lowerBound), Self.weights.upperBound) }
    count = weights.count
    switch policy {
    case .roundRobin:
      kind = .roundRobin
      roundRobin = RoundRobin(weights: weights)
    case .leastRequests:
      kind = .leastRequests
      leastRequests = LeastRequests(weights: weights)
    case .hash:
      kind = .hash
      table = ConsistentTable(weights: weights, identities: identities)
    }
  }

  /// The balancer of an upstream.
  init(_ upstream: UpstreamConfiguration) {
    self.init(
      policy: upstream.balance, weights: upstream.endpoints.map(\.weight),
      identities: upstream.endpoints.map(\.description))
  }

  /// A copy whose turns begin elsewhere, so that the few requests of many loops do not all meet the first endpoint.
  func starting(at loop: Int) -> Self {
    var copy = self
    copy.roundRobin.skip(loop)
    return copy
  }

  /// The endpoint for a request.
  ///
  /// - Parameters:
  ///   - states: the endpoints' states, in their order, one for each.
  ///   - now: monotonic nanoseconds.
  ///   - key: what a hash policy goes by; without one it chooses at random.
  ///   - excluded: endpoints that the request must not be sent to (again).
  ///   - random: a word that nobody can foresee, a new one for each choice.
  /// - Returns: its number, or nil when no endpoint has an address, or all that have one are excluded.
  mutating func choose(
    _ states: [EndpointState], now: Int64, key: UInt64? = nil, excluding excluded: EndpointSet = EndpointSet(),
    random: UInt64
  ) -> Int? {
    // What follows relies on it: a state for each endpoint, and at least one.
    guard count > 0, states.count == count else { return nil }
    if count == 1 { return states[0].isResolved && !excluded.contains(0) ? 0 : nil }
    let calm = Admission(now: now, excluded: excluded, isPanic: false)
    if let index = choose(states, calm, key, random) { return index }
    return choose(states, Admission(now: now, excluded: excluded, isPanic: true), key, random)
  }

  private mutating func choose(
    _ states: [EndpointState], _ admission: Admission, _ key: UInt64?, _ random: UInt64
  ) -> Int? {
    switch kind {
    case .roundRobin: roundRobin.choose(states, admission)
    case .leastRequests: leastRequests.choose(states, admission, random: random)
    case .hash: table.choose(states, admission, key: key ?? random)
    }
  }
}
