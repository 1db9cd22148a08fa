import GatewayKit

/// One amount that a rule may come to, with what is known of its claims beforehand. Bound to one loop.
///
/// An object, since a copy would count the references of everything in it.
final class RuleChoice {
  let digest: KeyDigest
  /// What holds when this gateway counts alone for a while.
  let local: RuleTemplate
  let fields: PolicyText?
  private let template: RuleTemplate
  /// Everything of a claim but its key, cost and owner; and its rule, where that follows the calendar.
  private let claim: LimitClaim

  init(
    _ settings: LimitRuleSettings, _ amount: LimitAmount, scope: PluginScope, seed: UInt64, gateways: Int,
    calendars: Calendars
  ) {
    digest = KeyDigest(seed: seed, prefix: RateLimitKey.prefix(of: settings, amount, scope))
    template = RuleTemplate(amount, calendars)
    local = RuleTemplate(amount.divided(by: gateways), calendars)
    fields = PolicyText(settings, amount)
    var claim = LimitClaim(key: LimitKey(high: 0, low: 0), rule: template.rule(at: 0) ?? .concurrent(0), cost: 0)
    claim.isShadow = settings.mode == .shadow
    claim.admitsWhenFull = settings.whenFull == .allow
    claim.patience = settings.delay?.most ?? 0
    claim.lease = settings.lease
    self.claim = claim
  }

  /// A claim without key, cost and owner; nil when there is no limit.
  func claim(at wall: Int64) -> LimitClaim? {
    switch template {
    case .fixed: return claim
    case .unlimited: return nil
    case .calendar(let periods, let limit):
      var claim = claim
      claim.rule = .calendar(periods.window(limit, at: wall))
      return claim
    }
  }
}

/// The rule of a claim, where it is known beforehand.
enum RuleTemplate {
  case fixed(LimitRule)
  case calendar(CalendarPeriods, Int)
  case unlimited

  init(_ amount: LimitAmount, _ calendars: Calendars) {
    self =
      switch amount {
      case .rate(_, let rate): .fixed(.rate(rate))
      case .sliding(_, let window): .fixed(.sliding(window))
      case .quota(let count, let unit, let zone): .calendar(calendars.periods(unit, zone: zone), count)
      case .concurrent(let count): .fixed(.concurrent(Int64(count)))
      case .unlimited: .unlimited
      }
  }

  /// The rule at a time; nil when there is no limit.
  func rule(at wall: Int64) -> LimitRule? {
    switch self {
    case .fixed(let rule): rule
    case .calendar(let periods, let limit): .calendar(periods.window(limit, at: wall))
    case .unlimited: nil
    }
  }
}
