import GatewayKit
import NIOCore

/// Takes the units of a request from all of its rules in one step, and answers 429 when a rule has none.
///
/// Rules in memory are asked first, those of a shared store after them; what the first took is given back when the second
/// refuse. Where the shared store answers later the exchange waits, and this is asked once more.
///
/// This is the filter where every answer is there at once and nothing is left to do afterwards: it keeps nothing of an
/// exchange. ``WaitingRateLimitFilter`` and ``SettlingRateLimitFilter`` do.
class RateLimitFilter: LimitFilter {
  final let rules: ContiguousArray<LoopRule>
  final let slot: StateSlot
  final let memory: any LimitLedger
  final let shared: (any LimitLedger)?
  /// Whether an exchange may be asked again, or has something to settle.
  final let keepsState: Bool
  /// Whether rules have something to do with their units when the exchange has passed.
  final let settlesLater: Bool
  final let tellsClients: Bool
  final let hasShadows: Bool
  /// Whether clients are told by `X-RateLimit-*` too.
  final let hasOlderFields: Bool
  final let hasRooms: Bool
  final var key = RateLimitKey()
  final var memo = SharedKeyMemo()
  final var fields = RateLimitFields()
  /// What the next exchange uses; nothing is in it.
  private final var idle = ExchangeLimits()
  private final var spare: ContiguousArray<ExchangeLimits> = []
  private static let mostSpare = 256

  /// What the rules need, and nothing more.
  static func make(
    _ rules: [LoopRule], slot: StateSlot, memory: any LimitLedger, shared: (any LimitLedger)?
  ) -> RateLimitFilter {
    if rules.contains(where: { $0.settlesLater || $0.isShown && $0.settings.legacyHeaders }) {
      return SettlingRateLimitFilter(rules, slot: slot, memory: memory, shared: shared)
    }
    if rules.contains(where: { $0.isShared || $0.room != nil }) {
      return WaitingRateLimitFilter(rules, slot: slot, memory: memory, shared: shared)
    }
    return RateLimitFilter(rules, slot: slot, memory: memory, shared: nil)
  }

  fileprivate init(_ rules: [LoopRule], slot: StateSlot, memory: any LimitLedger, shared: (any LimitLedger)?) {
    self.rules = ContiguousArray(rules.prefix(LimitRequest.mostClaims))
    self.slot = slot
    self.memory = memory
    self.shared = shared
    settlesLater = self.rules.contains(where: \.settlesLater)
    hasRooms = self.rules.contains { $0.room != nil }
    keepsState = settlesLater || hasRooms || shared != nil
    tellsClients = self.rules.contains(where: \.isShown)
    hasOlderFields = self.rules.contains { $0.isShown && $0.settings.legacyHeaders }
    hasShadows = self.rules.contains(where: \.isShadow)
  }

  final func limit(_ exchange: Exchange) -> Verdict {
    if keepsState, let state = state(of: exchange) { return goOn(exchange, state) }
    let state = idle
    if let rule = makeClaims(exchange, state) { return deny(rule, state) }
    let verdict = ask(exchange, state)
    guard isNeeded(state) else {
      state.reset()
      return verdict
    }
    exchange[slot] = state
    idle = spare.popLast() ?? ExchangeLimits()
    return verdict
  }

  /// Whether anything is to be done with it later.
  private final func isNeeded(_ state: ExchangeLimits) -> Bool {
    switch state.stage {
    case .passed: settlesLater
    case .waiting, .delayed: true
    case .asking, .refused: false
    }
  }

  /// The slot is this filter's alone, so what is in it is known.
  final func state(of exchange: Exchange) -> ExchangeLimits? {
    exchange[slot].map { unsafeDowncast($0, to: ExchangeLimits.self) }
  }

  final func recycle(_ state: ExchangeLimits) {
    // Whether or not it is kept: a store that still has the question learns by this that nobody waits.
    state.reset()
    if spare.count < Self.mostSpare { spare.append(state) }
  }

  final func now(_ loop: LoopContext) -> LimitTime { LimitTime(monotonic: loop.now, wall: loop.wall) }
}

/// For rules whose exchanges may wait: for a shared store, or for units that they took.
final class WaitingRateLimitFilter: RateLimitFilter, ObserveFilter {
  func observe(_ exchange: Exchange) { ended(exchange) }
}

/// For rules whose units are settled when the answer is known, or come back at the end; and for those that clients are told
/// of by fields that origins use as well.
final class SettlingRateLimitFilter: RateLimitFilter, ResponseFilter, ObserveFilter {
  func response(_ exchange: Exchange) { answered(exchange) }

  func observe(_ exchange: Exchange) { ended(exchange) }
}
