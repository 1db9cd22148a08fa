import GatewayKit
import HTTPWire
import Synchronization

/// Takes one unit for each request from a store that gateways share, and answers 429 when there is none.
///
/// It is asked twice: first it asks the store and waits, then it judges by the answer.
final class SharedRateLimitFilter: LimitFilter, ResponseFilter {
  private let rule: LimitRule
  private let store: any SharedLimitStore
  private let onFailure: RateLimitSettings.OnFailure
  private let slot: StateSlot
  private let counters: RateLimitCounters
  private var key: RateLimitKey
  private var fields: RateLimitFields?

  init(
    settings: RateLimitSettings, store: any SharedLimitStore, key: consuming RateLimitKey, slot: StateSlot,
    counters: RateLimitCounters
  ) {
    rule = settings.rule
    self.store = store
    onFailure = settings.onFailure
    self.slot = slot
    self.counters = counters
    self.key = key
    fields = settings.headers ? RateLimitFields(settings) : nil
  }

  func limit(_ exchange: Exchange) -> Verdict {
    if let inquiry = exchange[slot] as? Inquiry { return judge(exchange, inquiry) }
    switch key.make(exchange) {
    case .skip: return .next
    case .deny: return .reply(RateLimitFilter.keyMissing)
    case .key(let key): return ask(exchange, key)
    }
  }

  private func ask(_ exchange: Exchange, _ key: LimitKey) -> Verdict {
    let inquiry = Inquiry(key)
    exchange[slot] = inquiry
    let (resumption, now) = (exchange.suspend(), exchange.loop.now)
    Task { [rule, store] in
      do {
        inquiry.answer(.success(try await store.take(rule, key: key, cost: 1, now: now)))
      } catch {
        inquiry.answer(.failure(error))
      }
      resumption.resume(.again)
    }
    return .wait
  }

  private func judge(_ exchange: Exchange, _ inquiry: Inquiry) -> Verdict {
    // The same rule in the floor and in a domain is one rule, so it counts once.
    guard let answer = inquiry.takeAnswer() else { return .next }
    guard case .success(let decision) = answer, decision.verdict != .noRoom else { return storeFailed(exchange) }
    fields?.add(decision, to: exchange)
    if decision.verdict == .admitted {
      inquiry.isAdmitted = true
      return .next
    }
    counters.refused.add()
    RateLimitFields.addRetryAfter(decision, to: exchange)
    return .reply(RateLimitFilter.limited)
  }

  private func storeFailed(_ exchange: Exchange) -> Verdict {
    counters.storeFailures.add()
    if onFailure == .open { return .next }
    counters.unavailable.add()
    return .reply(RateLimitFilter.storeUnavailable)
  }

  /// A request that a later limit of the chain refused takes nothing from this one.
  func response(_ exchange: Exchange) {
    guard RateLimitFilter.isRefused(exchange), let inquiry = exchange[slot] as? Inquiry, inquiry.isAdmitted else {
      return
    }
    exchange[slot] = nil
    let now = exchange.loop.now
    Task { [rule, store, counters] in
      do {
        try await store.giveBack(rule, key: inquiry.key, cost: 1, now: now)
      } catch {
        counters.storeFailures.add()
      }
    }
  }
}

/// What one exchange asked of the store, and what became of it.
private final class Inquiry: Sendable {
  private struct State {
    var answer: Result<LimitDecision, any Error>?
    var isAdmitted = false
  }

  let key: LimitKey
  private let state = Mutex(State())

  init(_ key: LimitKey) { self.key = key }

  func answer(_ answer: Result<LimitDecision, any Error>) { state.withLock { $0.answer = answer } }

  /// The answer, once.
  func takeAnswer() -> Result<LimitDecision, any Error>? { state.withLock { $0.answer.take() } }

  /// Whether a unit was taken.
  var isAdmitted: Bool {
    get { state.withLock { $0.isAdmitted } }
    set { state.withLock { $0.isAdmitted = newValue } }
  }
}
