import GatewayKit
import HTTPWire

/// A rule on one loop: makes the claims of exchanges.
final class LoopRule {
  let settings: LimitRuleSettings
  let counters: RateLimitCounters
  /// Those who are made to wait, on all loops; nil when nobody is.
  let room: WaitingRoom?
  let isShadow: Bool
  let isShared: Bool
  /// Whether anything is left to do with its units when the exchange has passed.
  let settlesLater: Bool
  /// Whether clients are told of it.
  let isShown: Bool
  private let recipe: KeyRecipe
  private let choices: ContiguousArray<RuleChoice>
  /// Whether every caller has the first amount.
  private let isSimple: Bool
  /// What every request takes; nil when that depends on the request.
  private let fixedCost: Int64?

  init(
    _ settings: LimitRuleSettings, scope: PluginScope, room: WaitingRoom?, counters: RateLimitCounters, seed: UInt64,
    gateways: Int, calendars: Calendars
  ) {
    self.settings = settings
    self.room = room
    self.counters = counters
    recipe = KeyRecipe(settings, scope: scope)
    isShadow = settings.mode == .shadow
    isShared = settings.store == .redis
    isSimple = settings.plans.isSimple
    fixedCost = settings.cost.fixed.map { Int64($0) }
    choices = ContiguousArray(
      settings.plans.amounts.map { amount in
        RuleChoice(settings, amount, scope: scope, seed: seed, gateways: gateways, calendars: calendars)
      })
    isShown = choices.contains { $0.fields != nil }
    settlesLater =
      !settings.refunds.isEmpty || settings.cost.field != nil || settings.cost.bytesPerUnit != nil
      || settings.plans.amounts.contains { if case .concurrent = $0 { true } else { false } }
  }

  enum Found {
    /// The claim was added.
    case claimed(choice: Int, cost: Int64)
    /// The rule does not apply.
    case none
    /// The request lacks what it is counted by.
    case denied
  }

  /// Adds what the rule asks for an exchange to a request.
  func claim(
    _ exchange: Exchange, _ key: inout RateLimitKey, _ memo: inout SharedKeyMemo, to request: LimitRequest
  ) -> Found {
    let index = isSimple ? 0 : settings.plans.place(for: exchange)
    let choice = choices[index]
    guard var claim = choice.claim(at: exchange.loop.wall) else { return .none }
    switch key.make(exchange, recipe) {
    case .skip: return .none
    case .deny: return .denied
    case .made: break
    }
    claim.key = key.withParts { parts in
      isShared ? memo.key(parts, choice.digest) : choice.digest.local(parts)
    }
    // More than there can ever be is as much as there can be.
    claim.cost = min(fixedCost ?? settings.cost.atHead(exchange.request), claim.rule.most)
    claim.owner = exchange.domain?.shard ?? 0
    request.append(claim)
    return .claimed(choice: index, cost: claim.cost)
  }

  /// The same claim for this gateway alone: its part of the amount, and a key that is no shared one.
  func local(_ claim: LimitClaim, choice: Int, at wall: Int64) -> LimitClaim {
    var local = claim
    // Peers could work out the shared key, and with it where it stands in a table.
    local.key = withUnsafeBytes(of: claim.key) { choices[choice].digest.local($0) }
    local.lease = nil
    if let rule = choices[choice].local.rule(at: wall) { local.rule = rule }
    // Here, too, more than there can ever be is as much as there can be.
    local.cost = min(local.cost, local.rule.most)
    return local
  }

  /// What clients are told of the rule; nil when they are told nothing.
  func text(_ choice: Int) -> PolicyText? { choices[choice].fields }
}
