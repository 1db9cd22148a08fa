import GatewayKit
import HTTPWire

// Answers that are given stale while the origin is asked for fresh ones (RFC 5861 section 3).
extension CacheFilter {
  /// Has the origin asked on the gateway's own account, unless somebody asks already or has asked in vain just now.
  func refreshLater(_ exchange: Exchange, _ place: CachePlace) {
    guard !unrefreshed.contains(place.hash, now: exchange.loop.now) else { return }
    if flights.isBusy(Flights.Key(place)) { return }
    exchange.refreshInBackground()
  }

  /// The look-up of the gateway's own exchange: it goes on when the answer is still stale and nobody else asks. Whoever
  /// wants the same meanwhile, and may not have it stale, waits for what comes of it.
  func refresh(_ exchange: Exchange, _ domain: DomainFacts, _ place: CachePlace) -> Verdict {
    let key = Flights.Key(place)
    guard case .stale(let kept?) = store.find(place.hash, place.key, exchange.request.block, now: exchange.loop.now),
      let seat = flights.lead(key)
    else { return .reply(StoredAnswers.notCached) }
    // Noted first: what fails does not say so in every case.
    unrefreshed.note(place.hash, now: exchange.loop.now)
    exchange.cacheResult = "miss"
    store.counters.refreshes.add()
    exchange.request.block.remove(Preconditions.fields)
    // A HEAD has shown what is stale; only a GET can bring it anew.
    exchange.request.method = .get
    let job = job(exchange, domain, key, at: place.time, .stale, validate(kept, for: exchange, RequestDirectives()))
    job.seat = seat
    exchange[slot] = job
    return .next
  }
}
