import GatewayKit
import HTTPWire

/// A rule on one loop: makes the claims of exchanges.
final class LoopRule {
  let settings: LimitRuleSettings
  let counters: RateLimitCounters
  /// Those who are made to wait, on all loops; nil when nobody is.
  let room: WaitingRoom?
  private let choices: [Choice]
  private let digest: KeyDigest
  /// For keys of this process.
  private let localDigest: KeyDigest
  private let scope: PluginScope

  /// One amount that the rule may come to.
  private struct Choice {
    let prefix: [UInt8]
    let template: Template
    /// What holds when this gateway counts alone for a while.
    let local: Template
    let fields: PolicyText?
  }

  /// The rule of a claim, where it is known beforehand.
  private enum Template {
    case fixed(LimitRule)
    case calendar(CalendarPeriods, Int)
    case unlimited
  }

  init(
    _ settings: LimitRuleSettings, scope: PluginScope, room: WaitingRoom?, counters: RateLimitCounters,
    digest: KeyDigest, localDigest: KeyDigest, gateways: Int, calendars: Calendars
  ) {
    self.scope = scope
    self.localDigest = localDigest
    self.settings = settings
    self.room = room
    self.counters = counters
    self.digest = digest
    choices = settings.plans.amounts.map { amount in
      Choice(
        prefix: RateLimitKey.prefix(of: settings, amount, scope), template: Self.template(amount, calendars),
        local: Self.template(amount.divided(by: gateways), calendars), fields: PolicyText(settings, amount))
    }
  }

  private static func template(_ amount: LimitAmount, _ calendars: Calendars) -> Template {
    switch amount {
    case .rate(_, let rate): .fixed(.rate(rate))
    case .sliding(_, let window): .fixed(.sliding(window))
    case .quota(let count, let unit, let zone): .calendar(calendars.periods(unit, zone: zone), count)
    case .concurrent(let count): .fixed(.concurrent(Int64(count)))
    case .unlimited: .unlimited
    }
  }

  var isShadow: Bool { settings.mode == .shadow }

  /// Whether anything is left to do with its units when the exchange has passed.
  var settlesLater: Bool {
    !settings.refunds.isEmpty || settings.cost.field != nil || settings.cost.bytesPerUnit != nil
      || settings.delay != nil
      || settings.plans.amounts.contains { if case .concurrent = $0 { true } else { false } }
  }

  enum Found {
    case claim(LimitClaim, choice: Int)
    /// The rule does not apply.
    case none
    /// The request lacks what it is counted by.
    case denied
  }

  /// What the rule asks for an exchange.
  func claim(_ exchange: Exchange, _ key: inout RateLimitKey) -> Found {
    let place = settings.plans.place(for: exchange)
    guard let rule = rule(choices[place].template, at: exchange.loop.wall) else { return .none }
    switch key.make(exchange, settings, scope, prefix: choices[place].prefix, digest: digest) {
    case .skip: return .none
    case .deny: return isShadow ? .none : .denied
    case .key(let key):
      var claim = LimitClaim(key: key, rule: rule, cost: settings.cost.atHead(exchange.request))
      claim.isShadow = isShadow
      claim.owner = exchange.domain?.shard ?? 0
      claim.admitsWhenFull = settings.whenFull == .allow
      claim.patience = settings.delay?.most ?? 0
      claim.lease = settings.lease
      return .claim(claim, choice: place)
    }
  }

  /// The same claim for this gateway alone: its part of the amount, and a key that is no shared one.
  func local(_ claim: LimitClaim, choice: Int, at wall: Int64) -> LimitClaim {
    var local = claim
    // Peers could work out the shared key, and with it where it stands in a table.
    local.key = withUnsafeBytes(of: claim.key) { localDigest.key($0) }
    local.lease = nil
    if let rule = rule(choices[choice].local, at: wall) { local.rule = rule }
    return local
  }

  /// What clients are told of the rule; nil when they are told nothing.
  func text(_ choice: Int) -> PolicyText? { choices[choice].fields }

  private func rule(_ template: Template, at wall: Int64) -> LimitRule? {
    switch template {
    case .fixed(let rule): rule
    case .calendar(let periods, let limit): .calendar(periods.window(limit, at: wall))
    case .unlimited: nil
    }
  }
}
