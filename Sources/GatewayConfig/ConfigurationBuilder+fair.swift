import GatewayKit

extension ConfigurationBuilder {
  private static let weights = 1...1000
  /// Among more domains than these none is looked for that may have been meant.
  private static let mostCandidates = 1000

  /// How domains share an upstream; nil for `off`.
  func readFair(_ settings: SettingsReader) -> FairConfiguration? {
    var fair = FairConfiguration()
    switch readSwitch(settings, "fair") {
    case .absent: return fair
    case .off: return nil
    case .on(let section):
      fair.headroom = section.percent("headroom", default: fair.headroom, in: 0...90)
      if let weights = section.mapping("weights") { fair.weights = readWeights(weights) }
      section.finish()
      return fair
    }
  }

  private func readWeights(_ section: SettingsReader) -> [FairConfiguration.Weight] {
    var weights: [FairConfiguration.Weight] = []
    var seen: [String: SourcePosition] = [:]
    for (key, node) in section.entries() {
      let position = section.keyPosition(key)
      if case .null = node.value {
        section.fail(key, "has no weight", hint: "write a whole number from 1 to 1000")
      }
      guard let weight = section.optionalInt(key, in: Self.weights) else { continue }
      let name = key.lowercased()
      if let other = seen.updateValue(position, forKey: name) {
        report(position, section.path(of: key), "stands here twice, first at \(other)", hint: "name it once")
        continue
      }
      weights.append(FairConfiguration.Weight(domain: name, weight: weight, position: position))
    }
    return weights
  }

  /// Reports weights of names that no domain has. Not called when a domain could not be read.
  func checkWeights(_ configuration: GatewayConfiguration) {
    let domains = Set(configuration.domains.map(\.name))
    for upstream in configuration.upstreams {
      for weight in upstream.fair?.weights ?? [] where !domains.contains(weight.domain) {
        let owner = configuration.domains.first { $0.hosts.contains(weight.domain) }
        report(
          weight.position, "upstreams.\(upstream.name).fair.weights.\(SettingsReader.shortened(weight.domain))",
          "there is no domain \(quote(weight.domain, nil))", hint: hint(for: weight.domain, owner, domains))
      }
    }
  }

  private func hint(for name: String, _ owner: DomainConfiguration?, _ domains: Set<String>) -> String {
    if let owner { return "that is a host of `\(owner.name)`: write the domain's name" }
    guard domains.count <= Self.mostCandidates, let nearest = Suggestion.nearest(to: name, among: domains.sorted())
    else {
      return "write the name of a domain, as it stands behind `name:`"
    }
    return "did you mean `\(nearest)`?"
  }
}
