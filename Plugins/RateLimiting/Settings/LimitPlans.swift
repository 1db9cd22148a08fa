import GatewayKit

/// Amounts by name, who has which of them, and exceptions for single callers.
package struct LimitPlans: Sendable, Hashable {
  /// Every amount that the rule may come to. The first is the rule's own, or that of the default plan.
  package private(set) var amounts: [LimitAmount]
  /// Places in ``amounts`` by the name of a plan.
  package private(set) var names: [String: Int] = [:]
  /// Exceptions, then plans, of a token by its id, of a subject, of a domain by its name: places in ``amounts``.
  package private(set) var exceptions = Assignment()
  package private(set) var assigned = Assignment()
  /// The claim that names the plan of a token.
  package private(set) var claim: String?

  /// Places by who asks.
  package struct Assignment: Sendable, Hashable {
    package var tokens: [String: Int] = [:]
    package var subjects: [String: Int] = [:]
    package var domains: [String: Int] = [:]

    package var isEmpty: Bool { tokens.isEmpty && subjects.isEmpty && domains.isEmpty }
  }

  /// Whether every caller has the first amount.
  package var isSimple: Bool { exceptions.isEmpty && assigned.isEmpty && claim == nil }

  private static let most = 100_000
  private static var kinds: [(word: String, place: WritableKeyPath<Assignment, [String: Int]>)] {
    [("tokens", \.tokens), ("subjects", \.subjects), ("domains", \.domains)]
  }

  /// Reads the rule's own amount, `plans`, `plan` and `overrides`.
  init(reading settings: SettingsReader) {
    let own = LimitAmount.read(settings)
    amounts = [own ?? .unlimited]
    readPlans(settings)
    let fallback = readPlan(settings)
    readOverrides(settings)
    if let fallback {
      if own != nil {
        settings.fail("plan", "has a default, and the rule an amount of its own", hint: "keep one of the two")
      }
      amounts[0] = amounts[fallback]
    } else if own == nil, !["rate", "quota", "concurrent"].contains(where: { settings.has($0) }) {
      settings.fail(
        nil, "has no amount",
        hint: "write one of rate: 600/m, quota: 10000/day and concurrent: 20, or plans with a default")
    }
  }

  private mutating func readPlans(_ settings: SettingsReader) {
    guard let plans = settings.mapping("plans") else { return }
    for (name, node) in plans.entries() {
      names[name] = amounts.count
      amounts.append(Self.amount(name, node, plans))
    }
    if !settings.has("plan") {
      settings.fail(
        "plans", "nobody is given one", hint: "add plan: { claim: NAME, domains: { NAME: PLAN }, default: PLAN }")
    }
  }

  /// The default plan's place.
  private mutating func readPlan(_ settings: SettingsReader) -> Int? {
    guard let plan = settings.mapping("plan") else { return nil }
    defer { plan.finish() }
    claim = plan.optionalString("claim")
    for (word, kind) in Self.kinds {
      guard let map = plan.mapping(word) else { continue }
      for (who, _) in map.entries() {
        if let place = place(of: map.optionalString(who), who, map) {
          assigned[keyPath: kind][Self.key(who, word)] = place
        }
      }
    }
    let count = assigned.tokens.count + assigned.subjects.count + assigned.domains.count
    if count > Self.most { plan.fail(nil, "names more than \(Self.most) callers", hint: "put the plan into a claim") }
    return plan.has("default") ? place(of: plan.optionalString("default"), "default", plan) : nil
  }

  private func place(of name: String?, _ key: String, _ settings: SettingsReader) -> Int? {
    guard let name else { return nil }
    if let found = names[name] { return found }
    let known = names.keys.sorted().prefix(20).joined(separator: ", ")
    settings.fail(
      key, "there is no plan `\(Display.text(name, limit: 60))`",
      hint: known.isEmpty ? "name plans under `plans`" : "known plans: \(known)")
    return nil
  }

  private mutating func readOverrides(_ settings: SettingsReader) {
    guard let overrides = settings.mapping("overrides") else { return }
    defer { overrides.finish() }
    for (word, kind) in Self.kinds {
      guard let map = overrides.mapping(word) else { continue }
      for (who, node) in map.entries() {
        exceptions[keyPath: kind][Self.key(who, word)] = amounts.count
        amounts.append(Self.amount(who, node, map))
      }
    }
    if amounts.count > 10_000 {
      settings.fail("overrides", "there are more than 10000 amounts", hint: "give callers of one amount a plan")
    }
  }

  /// Domains are named in lower case.
  private static func key(_ who: String, _ word: String) -> String { word == "domains" ? who.lowercased() : who }

  private static func amount(_ name: String, _ node: ConfigNode, _ settings: SettingsReader) -> LimitAmount {
    if case .scalar("unlimited", _) = node.value { return .unlimited }
    guard let reader = settings.mapping(name) else {
      settings.fail(name, "has no amount", hint: "write { rate: 600/m } or unlimited")
      return .unlimited
    }
    defer { reader.finish() }
    return LimitAmount.readRequired(reader)
  }
}

extension LimitPlans {
  /// The place of the amount that holds for an exchange: an exception before a plan, a token before its subject, then
  /// the claim, then the domain. A claim that names no plan counts as none.
  func place(for exchange: Exchange) -> Int {
    if isSimple { return 0 }
    if let place = exceptions.place(exchange) { return place }
    if let identity = exchange.identity {
      if let place = assigned.tokens[identity.tokenID] ?? assigned.subjects[identity.subject] { return place }
      if let claim, let value = identity.claims.first(where: { $0.name == claim })?.value, let place = names[value] {
        return place
      }
    }
    return exchange.domain.flatMap { assigned.domains[$0.name] } ?? 0
  }
}

extension LimitPlans.Assignment {
  fileprivate func place(_ exchange: Exchange) -> Int? {
    if let identity = exchange.identity, let place = tokens[identity.tokenID] ?? subjects[identity.subject] {
      return place
    }
    return exchange.domain.flatMap { domains[$0.name] }
  }
}
