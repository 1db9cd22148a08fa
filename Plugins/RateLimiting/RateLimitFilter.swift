import GatewayKit
import HTTPWire
import NIOCore

/// Takes the units of a request from all of its rules in one step, and answers 429 when a rule has none.
///
/// Rules in memory are asked first, those of a shared store after them; what the first took is given back when the second
/// refuse. Where the shared store answers later the exchange waits, and this is asked once more.
final class RateLimitFilter: LimitFilter, ResponseFilter, ObserveFilter {
  let rules: [LoopRule]
  let slot: StateSlot
  private let memory: any LimitLedger
  private let shared: (any LimitLedger)?
  /// Whether rules have something to do with their units when the exchange has passed.
  private let settlesLater: Bool
  private var key = RateLimitKey()
  private var fields = RateLimitFields()
  private var spare: ContiguousArray<ExchangeLimits> = []
  private static let mostSpare = 256
  /// No store may take longer, in nanoseconds; `stores.redis.timeout` and its time to connect are 10 seconds at most.
  private static let longestAnswer: Int64 = 21_000_000_000

  init(_ rules: [LoopRule], slot: StateSlot, memory: any LimitLedger, shared: (any LimitLedger)?) {
    self.rules = Array(rules.prefix(LimitRequest.mostClaims))
    self.slot = slot
    self.memory = memory
    self.shared = shared
    settlesLater = self.rules.contains(where: \.settlesLater)
  }

  func limit(_ exchange: Exchange) -> Verdict {
    if let state = state(of: exchange) { return goOn(exchange, state) }
    let state = spare.popLast() ?? ExchangeLimits()
    guard makeClaims(exchange, state) else {
      recycle(state)
      return .reply(RateLimitReplies.keyMissing)
    }
    let verdict = ask(exchange, state)
    if state.stage == .passed, !settlesLater { recycle(state) } else { exchange[slot] = state }
    return verdict
  }

  /// The slot is this filter's alone, so what is in it is known.
  private func state(of exchange: Exchange) -> ExchangeLimits? {
    exchange[slot].map { unsafeDowncast($0, to: ExchangeLimits.self) }
  }

  private func recycle(_ state: ExchangeLimits) {
    // Whether or not it is kept: a store that still has the question learns by this that nobody waits.
    state.reset()
    if spare.count < Self.mostSpare { spare.append(state) }
  }

  private func now(_ exchange: Exchange) -> LimitTime {
    LimitTime(monotonic: exchange.loop.now, wall: exchange.loop.wall)
  }
}

// MARK: - Asking

extension RateLimitFilter {
  /// False when the request lacks what a rule counts by.
  private func makeClaims(_ exchange: Exchange, _ state: ExchangeLimits) -> Bool {
    for (index, rule) in rules.enumerated() {
      switch rule.claim(exchange, &key) {
      case .none: break
      case .denied: return false
      case .claim(var claim, let choice):
        // More than there can ever be is as much as there can be.
        claim.cost = min(claim.cost, claim.rule.most)
        let isShared = rule.settings.store == .redis
        let request = isShared ? state.shared : state.memory
        state.entries.append(
          ExchangeLimits.Entry(
            rule: index, choice: choice, ledger: isShared ? .shared : .memory, place: request.claims.count,
            taken: claim.cost))
        request.append(claim)
      }
    }
    return true
  }

  private func ask(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    state.taken = exchange.loop.now
    if !state.memory.claims.isEmpty {
      _ = memory.take(state.memory, now: now(exchange))
      guard state.memory.outcome == .admitted else { return refuse(exchange, state, .memory) }
    }
    guard !state.shared.claims.isEmpty else { return admit(exchange, state) }
    guard let shared else {
      state.shared.fail(.unreachable)
      return storeFailed(exchange, state)
    }
    if shared.take(state.shared, now: now(exchange)) { return judgeShared(exchange, state) }
    state.stage = .waiting
    // The store has a time limit of its own, after which the rule's word holds rather than a general one.
    state.shared.wait(exchange.suspend(atMost: Self.longestAnswer))
    return .wait
  }

  /// Asked once more: the store has answered, or the wait is over.
  private func goOn(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    switch state.stage {
    case .waiting: return judgeShared(exchange, state)
    case .delayed:
      state.room.take()?.leave()
      state.alarm = nil
      state.stage = .passed
      return .next
    case .passed: return .next
    case .asking, .refused: return .reply(RateLimitReplies.storeUnavailable)
    }
  }

  private func judgeShared(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    switch state.shared.outcome {
    case .admitted, .refused:
      for entry in state.entries where entry.ledger == .shared {
        rules[entry.rule].counters.answered(isLeased: state.shared.isLeased)
      }
      return state.shared.outcome == .admitted ? admit(exchange, state) : refuse(exchange, state, .shared)
    case .failed, .pending: return storeFailed(exchange, state)
    }
  }

  /// The shared store could not tell: every rule has its own word for that.
  private func storeFailed(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    var isClosed = false
    for index in state.entries.indices where state.entries[index].ledger == .shared {
      let entry = state.entries[index]
      let rule = rules[entry.rule]
      rule.counters.failed(rule.settings.onFailure)
      state.entries[index].ledger = .nobody
      switch rule.settings.onFailure {
      case .open: exchange.limitMode = exchange.limitMode ?? "open"
      case .closed: isClosed = isClosed || !rule.isShadow
      case .local:
        exchange.limitMode = "local"
        state.entries[index].ledger = .local
        state.entries[index].place = state.local.claims.count
        state.local.append(
          rule.local(state.shared.claims[entry.place], choice: entry.choice, at: exchange.loop.wall))
      }
    }
    if isClosed {
      exchange.limitMode = "closed"
      for entry in state.entries {
        let rule = rules[entry.rule]
        guard rule.settings.store == .redis, rule.settings.onFailure == .closed, !rule.isShadow else { continue }
        rule.counters.unavailable?.add()
      }
      giveBack(exchange, state)
      state.stage = .refused
      return .reply(RateLimitReplies.storeUnavailable)
    }
    guard !state.local.claims.isEmpty else { return admit(exchange, state) }
    _ = memory.take(state.local, now: now(exchange))
    return state.local.outcome == .admitted ? admit(exchange, state) : refuse(exchange, state, .local)
  }
}

// MARK: - Verdicts

extension RateLimitFilter {
  private func admit(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    noteShadows(exchange, state)
    let delay = longestDelay(state)
    if delay.time > 0 { return hold(exchange, state, delay) }
    tell(exchange, state, refusing: nil)
    state.stage = .passed
    return .next
  }

  /// How long the request has to wait for its units, and the rule that has it wait longest.
  private func longestDelay(_ state: ExchangeLimits) -> (time: Int64, entry: Int) {
    var found: (time: Int64, entry: Int) = (0, 0)
    for index in state.entries.indices where !rules[state.entries[index].rule].isShadow {
      guard rules[state.entries[index].rule].room != nil else { continue }
      if let delay = state.decision(state.entries[index])?.delay, delay > found.time { found = (delay, index) }
    }
    return found
  }

  /// Its units are taken; it goes on when they have come back.
  private func hold(_ exchange: Exchange, _ state: ExchangeLimits, _ delay: (time: Int64, entry: Int)) -> Verdict {
    let rule = rules[state.entries[delay.entry].rule]
    guard let room = rule.room, room.enter() else {
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
  private func refuse(_ exchange: Exchange, _ state: ExchangeLimits, _ ledger: ExchangeLimits.Ledger) -> Verdict {
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

  private func limited(
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
  private func noteShadows(_ exchange: Exchange, _ state: ExchangeLimits) {
    for index in state.entries.indices where rules[state.entries[index].rule].isShadow {
      guard let decision = state.decision(state.entries[index]), decision.verdict != .admitted else { continue }
      state.entries[index].taken = 0
      if decision.verdict == .noRoom, rules[state.entries[index].rule].settings.whenFull == .allow { continue }
      rules[state.entries[index].rule].counters.shadow.add()
      if exchange.shadowReason == nil { exchange.shadowReason = "rate_limited" }
    }
  }

  /// Tells the client how the tightest of the rules stands that it is told of, or the one that refused.
  private func tell(_ exchange: Exchange, _ state: ExchangeLimits, refusing refused: Int?) {
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

// MARK: - Afterwards

extension RateLimitFilter {
  /// The answer is known: what it makes the request worth is settled.
  func response(_ exchange: Exchange) {
    guard settlesLater else { return }
    settle(exchange)
    for rule in rules { if let field = rule.settings.cost.field { Self.remove(field, from: exchange) } }
  }

  private func settle(_ exchange: Exchange) {
    guard let state = state(of: exchange), state.stage == .passed else { return }
    for index in state.entries.indices {
      let rule = rules[state.entries[index].rule].settings
      if !rule.refunds.isEmpty, Refunds.apply(rule.refunds, to: exchange) {
        settle(exchange, state, index, at: 0)
      } else if let field = rule.cost.field {
        let cost = Self.cost(in: exchange, field, most: rule.cost.most)
        // Where the origin says nothing, what is known holds; content that is still coming is paid for at its end.
        let known = exchange.request.framing == .chunked && rule.cost.bytesPerUnit != nil ? nil : Int64(rule.cost.base)
        if let worth = cost ?? (rule.cost.bytesPerUnit == nil ? known : nil) {
          settle(exchange, state, index, at: worth)
        }
      }
    }
  }

  func observe(_ exchange: Exchange) {
    guard let state = state(of: exchange) else { return }
    exchange[slot] = nil
    state.room.take()?.leave()
    state.alarm.take()?.cancel()
    // It left while it waited: nobody was served. What a shared store takes after that is its own to give back.
    if state.stage == .delayed || state.stage == .waiting { giveBack(exchange, state) }
    if state.stage == .passed { release(exchange, state) }
    recycle(state)
  }

  /// Units of running exchanges come back, and content whose length was not known is paid for.
  private func release(_ exchange: Exchange, _ state: ExchangeLimits) {
    for index in state.entries.indices {
      let entry = state.entries[index]
      guard let claim = state.claim(entry), state.decision(entry)?.verdict == .admitted else { continue }
      if case .concurrent = claim.rule {
        adjust(exchange.loop, state, entry, by: -entry.taken)
      } else if rules[entry.rule].settings.cost.bytesPerUnit != nil, exchange.request.framing == .chunked,
        !entry.isSettled
      {
        settle(exchange, state, index, at: rules[entry.rule].settings.cost.atEnd(exchange.outcome.requestBytes))
      }
    }
  }

  /// Everything that was taken goes back.
  private func giveBack(_ exchange: Exchange, _ state: ExchangeLimits) {
    for index in state.entries.indices where state.entries[index].taken > 0 {
      guard state.decision(state.entries[index])?.verdict == .admitted else { continue }
      adjust(exchange.loop, state, state.entries[index], by: -state.entries[index].taken)
      state.entries[index].taken = 0
    }
  }

  /// The request was worth so many units.
  private func settle(_ exchange: Exchange, _ state: ExchangeLimits, _ index: Int, at units: Int64) {
    let entry = state.entries[index]
    // What runs at a time is no price, and is given back at the end.
    if case .concurrent = state.claim(entry)?.rule { return }
    guard state.decision(entry)?.verdict == .admitted else { return }
    state.entries[index].isSettled = true
    guard units != entry.taken else { return }
    // What time has given back already is not given back again.
    if units < entry.taken, isBack(exchange, state, entry) { return }
    adjust(exchange.loop, state, entry, by: units - entry.taken)
    state.entries[index].taken = units
  }

  /// Whether the units of a claim have come back by themselves since they were taken.
  private func isBack(_ exchange: Exchange, _ state: ExchangeLimits, _ entry: ExchangeLimits.Entry) -> Bool {
    switch state.claim(entry)?.rule {
    case .rate(let rate): exchange.loop.now &- state.taken >= rate.tolerance
    case .sliding(let window): exchange.loop.now &- state.taken >= window.length
    case .calendar(let window): exchange.loop.wall / 1_000_000_000 >= window.end
    case .concurrent, nil: false
    }
  }

  private func adjust(_ loop: LoopContext, _ state: ExchangeLimits, _ entry: ExchangeLimits.Entry, by units: Int64) {
    guard units != 0, let claim = state.claim(entry) else { return }
    let ledger = entry.ledger == .shared ? shared : memory
    ledger?.adjust(claim, by: units, now: LimitTime(monotonic: loop.now, wall: loop.wall))
  }
}

// MARK: - What an answer says

extension RateLimitFilter {
  /// The number in the origin's field of this name; nil when there is none, or it is no number.
  private static func cost(in exchange: Exchange, _ name: String, most: Int) -> Int64? {
    guard exchange.replyInProgress == nil, let index = exchange.response.block.firstIndex(named: name) else {
      return nil
    }
    return exchange.response.block.withValue(index) { value in
      guard !value.isEmpty else { return nil }
      var number: Int64 = 0
      for byte in value {
        guard byte &- 0x30 < 10 else { return nil }
        // Held before it could overflow.
        number = min(number * 10 + Int64(byte &- 0x30), Int64(most))
      }
      return number
    }
  }

  /// The field is between origin and gateway.
  private static func remove(_ name: String, from exchange: Exchange) {
    while let index = exchange.response.block.firstIndex(named: name) { exchange.removeResponseField(at: index) }
  }
}

/// Answers after which units are given back.
enum Refunds {
  static func apply(_ refunds: Set<LimitRefund>, to exchange: Exchange) -> Bool {
    let status = exchange.replyInProgress?.status ?? exchange.response.status
    switch status {
    case 304 where refunds.contains(.notModified): return true
    case 400..<500 where refunds.contains(.clientError): return true
    case 500..<600 where refunds.contains(.serverError): return true
    default: return refunds.contains(.cacheHit) && isCacheHit(exchange)
    }
  }

  private static func isCacheHit(_ exchange: Exchange) -> Bool {
    guard let result = exchange.cacheResult else { return false }
    return UnsafeBufferPointer(start: result.utf8Start, count: result.utf8CodeUnitCount).elementsEqual("hit".utf8)
  }
}
