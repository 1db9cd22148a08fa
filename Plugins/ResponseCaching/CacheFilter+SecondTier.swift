import GatewayKit
import HTTPWire

// Answers that other gateways have fetched.
extension CacheFilter {
  /// Asks the second tier; false when the request goes on without it.
  ///
  /// Only those ask who would go to the origin for themselves or for others that wait: not who wants a newer answer than
  /// there is, nor who has waited in vain already, nor for what cannot be kept.
  func askSecondTier(
    _ exchange: Exchange, _ domain: DomainFacts, _ key: Flights.Key, _ forwarded: StoreJob.Forwarded, _ way: Way
  ) -> Bool {
    guard let tier, forwarded != .request, !unstorable.contains(key.value, now: exchange.loop.now) else { return false }
    if case .alone(hasWaited: true) = way { return false }
    var mark = mark(of: exchange, domain, at: store.caches.sharedTime)
    guard tags.addKnown(to: &mark, exchange, store.caches.versions) else { return false }
    let resumption = exchange.suspend(atMost: tier.patience, thenAsksAgain: true)
    let question = TierQuestion(
      key, mark, exchange.request.block, mostVariants: variants, policy: Self.policy(of: exchange), resumption)
    guard tier.ask(question) else {
      exchange.cancelSuspension()
      return false
    }
    exchange[slot] = TierTurn(question, way)
    return true
  }

  /// The turn of a request that has asked.
  func takeTierTurn(of exchange: Exchange) -> TierTurn? {
    guard let turn = exchange[slot] as? TierTurn else { return nil }
    exchange[slot] = nil
    return turn
  }

  /// How a request goes on after its turn. Where an answer was found that does for others but not for this one, they do not
  /// wait for what this one asks for.
  func way(after turn: TierTurn) -> Way {
    guard turn.question.isFound, case .leads(let seat) = turn.way else { return turn.way }
    seat.finish(.answered)
    return .alone(hasWaited: false)
  }

  /// There is an answer now, for those who wait, too.
  func hit(_ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse, _ turn: TierTurn) -> Verdict {
    if case .leads(let seat) = turn.way { seat.finish(.answered) }
    guard turn.question.isFound else { return hit(exchange, request, response) }
    exchange.cacheResult = "shared"
    store.counters.shared.add()
    lines.addHit(response, isShared: true, to: exchange)
    return .reply(StoredAnswers.reply(response, to: request, exchange))
  }

  /// Writes what was kept for others.
  func share(_ response: CachedResponse, _ exchange: Exchange, _ job: StoreJob) {
    tier?.keep(response, Self.policy(of: exchange), since: job.sharedTime)
  }

  private static func policy(of exchange: Exchange) -> Fingerprint {
    exchange.route?.policy ?? Fingerprint(0, 0, 0, 0)
  }

  /// Drops an answer that the origin has taken back: others may keep it as well, so it counts as a change.
  func withdraw(_ response: CachedResponse, _ exchange: Exchange) {
    store.remove(response)
    guard tier != nil, let domain = exchange.domain else { return }
    exchange.request.withPath { store.caches.changed(domain, path: $0) }
  }
}
