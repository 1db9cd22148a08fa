import GatewayKit
import NIOCore

// What decisions mean for an exchange, and what its client is told.
extension RateLimitFilter {
  final func admit(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    if hasShadows { noteShadows(exchange, state) }
    if hasRooms {
      let delay = longestDelay(state)
      if delay.time > 0 { return hold(exchange, state, delay) }
    }
    if tellsClients { tell(exchange, state, refusing: nil) }
    state.stage = .passed
    return .next
  }

  /// How long the request has to wait for its units, and the rule that has it wait longest.
  private final func longestDelay(_ state: ExchangeLimits) -> (time: Int64, entry: Int) {
    var found: (time: Int64, entry: Int) = (0, 0)
    for index in state.entries.indices where !rules[state.entries[index].rule].isShadow {
      guard rules[state.entries[index].rule].room != nil else { continue }
      if let delay = state.decision(state.entries[index])?.delay, delay > found.time { found = (delay, index) }
    }
    return found
  }

  /// Its units are taken; it goes on when they have come back.
  private final func hold(_ exchange: Exchange, _ state: ExchangeLimits, _ delay: (time: Int64, entry: Int)) -> Verdict
  {
    let rule = rules[state.entries[delay.entry].rule]
    guard let room = rule.room, room.enter(exchange.domain?.shard ?? 0) else {
      giveBack(exchange, state)
      return limited(exchange, state, delay.entry, retryIn: delay.time)
    }
    rule.counters.delayed.add()
    tell(exchange, state, refusing: nil)
    state.room = room
    state.stage = .delayed
    let resumption = exchange.suspend(atMost: delay.time &+ 1_000_000_000)
    state.alarm = exchange.loop.eventLoop.scheduleTask(in: .nanoseconds(delay.time)) { resumption.resume(.again) }
    return .wait
  }

  /// A rule of this ledger refused, and none of its rules took anything; what others took goes back.
  final func refuse(_ exchange: Exchange, _ state: ExchangeLimits, _ ledger: ExchangeLimits.Ledger) -> Verdict {
    guard let request = state.request(ledger) else { return .reply(RateLimitReplies.storeUnavailable) }
    for index in state.entries.indices where state.entries[index].ledger == ledger { state.entries[index].taken = 0 }
    giveBack(exchange, state)
    var worst: (entry: Int, retryIn: Int64, isFull: Bool)?
    for (index, entry) in state.entries.enumerated() where entry.ledger == ledger && !request.passes(entry.place) {
      let decision = request.decisions[entry.place]
      if decision.retryIn >= worst?.retryIn ?? 0 {
        worst = (index, decision.retryIn, decision.verdict == .noRoom)
      }
    }
    guard let worst else { return .reply(RateLimitReplies.storeUnavailable) }
    if worst.isFull {
      rules[state.entries[worst.entry].rule].counters.noRoom.add()
      RateLimitFields.addRetryAfter(worst.retryIn, to: exchange)
      state.stage = .refused
      return .reply(RateLimitReplies.tableFull)
    }
    return limited(exchange, state, worst.entry, retryIn: worst.retryIn, isLocal: ledger == .local)
  }

  private final func limited(
    _ exchange: Exchange, _ state: ExchangeLimits, _ entry: Int, retryIn: Int64, isLocal: Bool = false
  ) -> Verdict {
    let counters = rules[state.entries[entry].rule].counters
    (isLocal ? counters.refusedLocally : counters.refused)?.add()
    tell(exchange, state, refusing: entry)
    RateLimitFields.addRetryAfter(retryIn, to: exchange)
    state.stage = .refused
    return .reply(isLocal ? RateLimitReplies.limitedLocally : RateLimitReplies.limited)
  }

  /// Notes what rules in shadow mode would have refused.
  private final func noteShadows(_ exchange: Exchange, _ state: ExchangeLimits) {
    for index in state.entries.indices where rules[state.entries[index].rule].isShadow {
      guard let decision = state.decision(state.entries[index]), decision.verdict != .admitted else { continue }
      state.entries[index].taken = 0
      if decision.verdict == .noRoom, rules[state.entries[index].rule].settings.whenFull == .allow { continue }
      noteShadow(rules[state.entries[index].rule], exchange, "rate_limited")
    }
  }

  /// Notes that a rule would have refused the request.
  final func noteShadow(_ rule: LoopRule, _ exchange: Exchange, _ reason: ReasonCode) {
    rule.counters.shadow.add()
    if exchange.shadowReason == nil { exchange.shadowReason = reason }
  }

  /// Tells the client how the tightest of the rules stands that it is told of, or the one that refused.
  private final func tell(_ exchange: Exchange, _ state: ExchangeLimits, refusing refused: Int?) {
    fields.begin()
    let refusing = refused.map { state.entries[$0] }
    let isRefusingShown = refusing.flatMap { rules[$0.rule].text($0.choice) } != nil
    var tightest: (text: PolicyText, remaining: Int64, fullIn: Int64)?
    for (index, entry) in state.entries.enumerated() {
      guard let text = rules[entry.rule].text(entry.choice), let decision = state.decision(entry),
        decision.verdict != .noRoom
      else { continue }
      fields.add(text)
      // What was not taken after all is still there.
      let isLeft = refused != nil && index != refused && decision.verdict == .admitted
      let cost = isLeft ? state.claim(entry)?.cost ?? 0 : 0
      let remaining = decision.remaining + cost
      let isShown = isRefusingShown ? index == refused : remaining < tightest?.remaining ?? .max
      if isShown { tightest = (text, remaining, decision.fullIn - Self.time(of: cost, state.claim(entry)?.rule)) }
    }
    if let tightest {
      fields.finish(tightest.text, remaining: tightest.remaining, fullIn: tightest.fullIn, to: exchange)
    }
  }
}

extension RateLimitFilter {
  /// In how many nanoseconds so many units come back, where they do one after the other.
  private static func time(of units: Int64, _ rule: LimitRule?) -> Int64 {
    if case .rate(let rate) = rule { units * rate.interval } else { 0 }
  }
}
