import GatewayKit

extension FairTerms {
  /// The terms of each upstream, in their order.
  static func all(of configuration: GatewayConfiguration) -> [FairTerms] {
    let reached = reached(in: configuration.domains)
    return configuration.upstreams.map { upstream in
      // Where only one domain can come, nothing is kept free for others.
      guard let fair = upstream.fair, reached[upstream.name, default: 0] > 1 else { return .off }
      guard !fair.weights.isEmpty else { return FairTerms(headroom: fair.headroom) }
      let named = Dictionary(fair.weights.map { ($0.domain, $0.weight) }, uniquingKeysWith: { first, _ in first })
      return FairTerms(headroom: fair.headroom, weights: configuration.domains.map { named[$0.name] ?? 1 })
    }
  }

  /// How many domains have requests that go to an upstream, by its name.
  private static func reached(in domains: [DomainConfiguration]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for domain in domains {
      let names = Set([domain.upstream].compactMap(\.self) + domain.routes.compactMap(\.upstream))
      for name in names { counts[name, default: 0] += 1 }
    }
    return counts
  }
}
