import GatewayKit
import HTTPWire
import NIOCore

// What is left to do with the units when an answer is known, and when the exchange has passed.
extension RateLimitFilter {
  /// The answer is known: what it makes the request worth is settled.
  final func answered(_ exchange: Exchange) {
    if hasOlderFields, exchange.replyInProgress == nil { removeOlderFields(exchange) }
    guard settlesLater else { return }
    settleAll(exchange)
    // An exchange of the gateway's own was never limited, and a cache keeps what it brings.
    for rule in rules { if let field = rule.settings.cost.field { Self.remove(field, from: exchange) } }
  }

  private final func settleAll(_ exchange: Exchange) {
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

  /// The exchange has ended.
  final func ended(_ exchange: Exchange) {
    guard let state = state(of: exchange) else { return }
    exchange[slot] = nil
    state.leaveRoom(of: exchange)
    state.alarm.take()?.cancel()
    // It left while it waited: nobody was served. What a shared store takes after that is its own to give back.
    if state.stage == .delayed || state.stage == .waiting { giveBack(exchange, state) }
    if state.stage == .passed { release(exchange, state) }
    recycle(state)
  }

  /// Units of running exchanges come back, and content whose length was not known is paid for.
  private final func release(_ exchange: Exchange, _ state: ExchangeLimits) {
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
  final func giveBack(_ exchange: Exchange, _ state: ExchangeLimits) {
    for index in state.entries.indices where state.entries[index].taken > 0 {
      guard state.decision(state.entries[index])?.verdict == .admitted else { continue }
      adjust(exchange.loop, state, state.entries[index], by: -state.entries[index].taken)
      state.entries[index].taken = 0
    }
  }

  /// The request was worth so many units.
  private final func settle(_ exchange: Exchange, _ state: ExchangeLimits, _ index: Int, at units: Int64) {
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
  private final func isBack(_ exchange: Exchange, _ state: ExchangeLimits, _ entry: ExchangeLimits.Entry) -> Bool {
    switch state.claim(entry)?.rule {
    case .rate(let rate): exchange.loop.now &- state.taken >= rate.tolerance
    case .sliding(let window): exchange.loop.now &- state.taken >= window.length
    case .calendar(let window): exchange.loop.wall / 1_000_000_000 >= window.end
    case .concurrent, nil: false
    }
  }

  private final func adjust(
    _ loop: LoopContext, _ state: ExchangeLimits, _ entry: ExchangeLimits.Entry, by units: Int64
  ) {
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

  /// An origin's own would contradict those that clients are told.
  private final func removeOlderFields(_ exchange: Exchange) {
    for name in ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"] {
      Self.remove(name, from: exchange)
    }
  }
}
