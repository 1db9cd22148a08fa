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
    case calendar(CalendarPeriods)
    case unlimited
  }

  init(_ settings: LimitRuleSettings, room: WaitingRoom?, counters: RateLimitCounters, digest: KeyDigest, gateways: Int)
  {
    self.settings = settings
    self.room = room
    self.counters = counters
    self.digest = digest
    choices = settings.plans.amounts.map { amount in
      Choice(
        prefix: RateLimitKey.prefix(of: settings, amount), template: Self.template(amount),
        local: Self.template(amount.divided(by: gateways)), fields: PolicyText(settings, amount))
    }
  }

  private static func template(_ amount: LimitAmount) -> Template {
    switch amount {
    case .rate(_, let rate): .fixed(.rate(rate))
    case .sliding(_, let window): .fixed(.sliding(window))
    case .quota(let count, let unit, let zone): .calendar(CalendarPeriods(unit, zone: zone, limit: count))
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

  /// Whether two rules count the same callers in the same place.
  func isSame(as other: LoopRule) -> Bool {
    settings.store == other.settings.store && choices.map(\.prefix) == other.choices.map(\.prefix)
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
    switch key.make(exchange, settings, prefix: choices[place].prefix, digest: digest) {
    case .skip: return .none
    case .deny: return isShadow ? .none : .denied
    case .key(let key):
      var claim = LimitClaim(key: key, rule: rule, cost: settings.cost.atHead(exchange.request))
      claim.isShadow = isShadow
      claim.admitsWhenFull = settings.whenFull == .allow
      claim.patience = settings.delay?.most ?? 0
      claim.lease = settings.lease
      return .claim(claim, choice: place)
    }
  }

  /// The same claim for this gateway alone: its part of the amount, and a key that is no shared one.
  func local(_ claim: LimitClaim, choice: Int, at wall: Int64) -> LimitClaim {
    var local = claim
    local.key = LimitKey(high: claim.key.high ^ 0x6C6F_6361_6C6C_6F63, low: claim.key.low)
    local.lease = nil
    if let rule = rule(choices[choice].local, at: wall) { local.rule = rule }
    return local
  }

  /// What clients are told of the rule; nil when they are told nothing.
  func text(_ choice: Int) -> PolicyText? { choices[choice].fields }

  private func rule(_ template: Template, at wall: Int64) -> LimitRule? {
    switch template {
    case .fixed(let rule): rule
    case .calendar(let periods): .calendar(periods.window(at: wall))
    case .unlimited: nil
    }
  }
}
