import GatewayKit
import HTTPWire
import NIOCore

/// Takes one unit for each request and answers 429 when there is none.
final class RateLimitFilter: LimitFilter, ResponseFilter {
  private let rule: LimitRule
  private let store: any LimitStore
  private let admitsWhenFull: Bool
  private let slot: StateSlot
  private let counters: RateLimitCounters
  private var key: RateLimitKey
  private var fields: RateLimitFields?

  init(
    settings: RateLimitSettings, store: any LimitStore, key: consuming RateLimitKey, slot: StateSlot,
    counters: RateLimitCounters
  ) {
    rule = settings.rule
    self.store = store
    admitsWhenFull = settings.whenFull == .allow
    self.slot = slot
    self.counters = counters
    self.key = key
    fields = settings.headers ? RateLimitFields(settings) : nil
  }

  func limit(_ exchange: Exchange) -> Verdict {
    // The same rule in the floor and in a domain is one rule, so it counts once.
    if exchange[slot] === self { return .next }
    switch key.make(exchange) {
    case .skip: return .next
    case .deny: return .reply(Self.keyMissing)
    case .key(let key): return judge(exchange, store.take(rule, key: key, cost: 1, now: exchange.loop.now))
    }
  }

  private func judge(_ exchange: Exchange, _ decision: LimitDecision) -> Verdict {
    switch decision.verdict {
    case .admitted:
      fields?.add(decision, to: exchange)
      // Marks the exchange as one that took a unit.
      exchange[slot] = self
      return .next
    case .refused:
      counters.refused.add()
      fields?.add(decision, to: exchange)
      RateLimitFields.addRetryAfter(decision, to: exchange)
      return .reply(Self.limited)
    case .noRoom:
      counters.noRoom.add()
      if admitsWhenFull { return .next }
      RateLimitFields.addRetryAfter(decision, to: exchange)
      return .reply(Self.tableFull)
    }
  }

  /// A request that a later limit of the chain refused takes nothing from this one.
  func response(_ exchange: Exchange) {
    guard Self.isRefused(exchange), exchange[slot] === self, case .key(let key) = key.make(exchange) else { return }
    exchange[slot] = nil
    store.giveBack(rule, key: key, cost: 1, now: exchange.loop.now)
  }

  /// Whether a limit refused the exchange.
  static func isRefused(_ exchange: Exchange) -> Bool {
    guard let reply = exchange.replyInProgress else { return false }
    return reply === limited || reply === tableFull || reply === storeUnavailable
  }

  static let limited = Reply(
    refusing: 429, "rate_limited", type: "TooManyRequests",
    message: "Too many requests. Wait as many seconds as Retry-After says.")
  static let tableFull = Reply(
    refusing: 503, "rate_limit_table_full",
    message: "The gateway counts as many callers as it may and admits no new one. Try again later.")
  static let storeUnavailable = Reply(
    refusing: 503, "rate_limit_store_unavailable",
    message: "The gateway cannot tell how much was asked already, so it admits nothing. Try again later.")
  static let keyMissing = Reply(
    refusing: 403, "rate_limit_key_missing",
    message: "The request lacks what its limit is counted by, such as a token. Send a request that has it.")
}
