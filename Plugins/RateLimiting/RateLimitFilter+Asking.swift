import GatewayKit

// How rules are asked, and what becomes of a store that cannot tell.
extension RateLimitFilter {
  /// Writes down what every rule asks for; returns the rule that the request lacks something for.
  final func makeClaims(_ exchange: Exchange, _ state: ExchangeLimits) -> LoopRule? {
    for index in rules.indices {
      let rule = rules[index]
      let ledger: ExchangeLimits.Ledger = rule.isShared ? .shared : .memory
      let request = rule.isShared ? state.shared : state.memory
      let place = request.claims.count
      switch rule.claim(exchange, &key, &memo, to: request) {
      case .none: break
      case .denied:
        if !rule.isShadow { return rule }
        noteShadow(rule, exchange, "rate_limit_key_missing")
      case .claimed(let choice, let cost):
        state.entries.append(
          ExchangeLimits.Entry(rule: index, choice: choice, ledger: ledger, place: place, taken: cost))
      }
    }
    return nil
  }

  /// The request lacks what a rule counts by.
  final func deny(_ rule: LoopRule, _ state: ExchangeLimits) -> Verdict {
    rule.counters.keyMissing.add()
    state.reset()
    return .reply(RateLimitReplies.keyMissing)
  }

  final func ask(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    state.taken = exchange.loop.now
    if !state.memory.claims.isEmpty {
      _ = memory.take(state.memory, now: now(exchange.loop))
      guard state.memory.outcome == .admitted else { return refuse(exchange, state, .memory) }
    }
    guard !state.shared.claims.isEmpty else { return admit(exchange, state) }
    guard let shared else {
      state.shared.fail(.unreachable)
      return storeFailed(exchange, state)
    }
    if shared.take(state.shared, now: now(exchange.loop)) { return judgeShared(exchange, state) }
    state.stage = .waiting
    // The store has a time limit of its own, after which the rule's word holds rather than a general one.
    state.shared.wait(exchange.suspend(atMost: longestAnswer))
    return .wait
  }

  /// Asked once more: the store has answered, or the wait is over.
  final func goOn(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
    switch state.stage {
    case .waiting: return judgeShared(exchange, state)
    case .delayed:
      state.leaveRoom(of: exchange)
      state.alarm = nil
      state.stage = .passed
      return .next
    case .passed: return .next
    case .asking, .refused: return .reply(RateLimitReplies.storeUnavailable)
    }
  }

  private final func judgeShared(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
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
  private final func storeFailed(_ exchange: Exchange, _ state: ExchangeLimits) -> Verdict {
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
        let claim = rule.local(state.shared.claims[entry.place], choice: entry.choice, at: exchange.loop.wall)
        state.entries[index].taken = claim.cost
        state.local.append(claim)
      }
    }
    if isClosed {
      exchange.limitMode = "closed"
      for entry in state.entries {
        let rule = rules[entry.rule]
        guard rule.isShared, rule.settings.onFailure == .closed, !rule.isShadow else { continue }
        rule.counters.unavailable?.add()
      }
      giveBack(exchange, state)
      state.stage = .refused
      return .reply(RateLimitReplies.storeUnavailable)
    }
    guard !state.local.claims.isEmpty else { return admit(exchange, state) }
    _ = memory.take(state.local, now: now(exchange.loop))
    return state.local.outcome == .admitted ? admit(exchange, state) : refuse(exchange, state, .local)
  }
}

/// No store may take longer, in nanoseconds; `stores.redis.timeout` and its time to connect are 10 seconds at most.
private let longestAnswer: Int64 = 21_000_000_000
