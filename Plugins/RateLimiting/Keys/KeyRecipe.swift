import GatewayKit

/// What a rule's keys are made of, in a form that every request walks through without counting a reference.
struct KeyRecipe {
  /// A part; names stand in ``KeyRecipe/names``.
  enum Part: BitwiseCopyable {
    case domain, token, subject, route, operation, method, address
    case header(Int)
    case claim(Int)
  }

  let parts: ContiguousArray<Part>
  let names: ContiguousArray<String>
  let missing: LimitRuleSettings.Missing
  let ipv4Prefix: Int
  let ipv6Prefix: Int

  /// The parts of a rule. A domain's own rules count in that domain only, whatever their key.
  init(_ rule: LimitRuleSettings, scope: PluginScope) {
    var parts: ContiguousArray<Part> = scope == .domain ? [.domain] : []
    var names: ContiguousArray<String> = []
    for part in rule.key {
      switch part {
      case .domain: parts.append(.domain)
      case .token: parts.append(.token)
      case .subject: parts.append(.subject)
      case .route: parts.append(.route)
      case .operation: parts.append(.operation)
      case .method: parts.append(.method)
      case .address: parts.append(.address)
      case .header(let name):
        parts.append(.header(names.count))
        names.append(name)
      case .claim(let name):
        parts.append(.claim(names.count))
        names.append(name)
      }
    }
    self.parts = parts
    self.names = names
    missing = rule.missing
    ipv4Prefix = rule.ipv4Prefix
    ipv6Prefix = rule.ipv6Prefix
  }
}
