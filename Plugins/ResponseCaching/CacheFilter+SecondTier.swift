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
    guard tier.isReady() else { return false }
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

  /// The turn of a request that has asked, and goes on now.
  func takeTierTurn(of exchange: Exchange) -> TierTurn? {
    guard let turn = exchange[slot] as? TierTurn else { return nil }
    exchange[slot] = nil
    // It has waited for as long as it may.
    if !turn.question.isAnswered { store.counters.sharedFailed.add() }
    return turn
  }

  /// How a request goes on after its turn. Where an answer was found that does for others but not for this one, they do not
  /// wait for what this one asks for.
  func way(after turn: TierTurn) -> Way {
    guard turn.question.isFound, case .leads(let seat) = turn.way else { return turn.way }
    seat.finish(.shared)
    return .alone(hasWaited: false)
  }

  /// There is an answer now, for those who wait, too.
  func hit(_ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse, _ turn: TierTurn) -> Verdict {
    if case .leads(let seat) = turn.way { seat.finish(turn.question.isFound ? .shared : .answered) }
    return turn.question.isFound ? shared(exchange, request, response) : hit(exchange, request, response)
  }

  /// An answer that was taken from the second tier, by this request or by one that it has waited for: nobody has asked the
  /// origin.
  func shared(_ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse) -> Verdict {
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

  /// Drops an answer that the origin has taken back, and what gateways share of it. Where that cannot be told now, its path
  /// counts as changed, which is told as soon as it can be.
  func withdraw(_ response: CachedResponse, _ exchange: Exchange) {
    store.remove(response)
    guard let tier, let domain = exchange.domain, !tier.drop(response, Self.policy(of: exchange)) else { return }
    exchange.request.withPath { store.caches.changed(domain, path: $0) }
  }

  /// Drops what gateways share under a request's key, though nothing is kept here: the origin was asked anew, and has
  /// answered with what nobody keeps.
  func withdrawShared(_ exchange: Exchange, _ job: StoreJob) {
    tier?.drop(key: job.key, Self.policy(of: exchange))
  }
}
