import GatewayKit
import HTTPWire
import NIOCore

/// Looks up, keeps, validates and invalidates, for one loop.
final class CacheFilter: CacheLookupFilter, ResponseFilter, CacheStoreFilter {
  let store: CacheStore
  let slot: StateSlot
  let rules: StoreRules
  let tags: TagRules
  let maxObject: Int
  let variants: Int
  /// The answers that gateways share; nil for none.
  let tier: SecondTier?
  /// Those who want the same answer.
  let flights: Flights
  /// Whether they wait for one of them.
  let coalesces: Bool
  /// Whose answers could not be kept.
  var unstorable = VainKeys(memory: 10_000_000_000)
  /// Whose answers could not be made fresh.
  var unrefreshed = VainKeys(memory: 1_000_000_000)
  /// Stands with a write until it is known what came of it.
  private let unjudged = UnjudgedWrite()
  private let passing = PassingRequest()
  private let honoured: HonouredDirectives
  /// Whether parts and conditions are judged here.
  private let judgesConditions: Bool
  /// The fields of the key.
  private let keyed: [FieldNameLetters]
  private var key: CacheKeyBuilder
  var lines = CacheFields()

  init(settings: CacheSettings, store: CacheStore, flights: Flights, slot: StateSlot, tier: SecondTier? = nil) {
    self.store = store
    self.tier = tier
    self.flights = flights
    coalesces = settings.coalescing != nil
    self.slot = slot
    rules = StoreRules(settings)
    tags = TagRules(settings)
    maxObject = settings.maxObject
    variants = settings.variants
    honoured = settings.honoured
    judgesConditions = settings.origin != nil
    keyed = settings.headers.compactMap(FieldNameLetters.init)
    key = CacheKeyBuilder(settings)
  }

  func lookup(_ exchange: Exchange) -> Verdict {
    // Taken once: every access to a property of the exchange that holds references counts them.
    let request = exchange.request
    guard request.method == .get || request.method == .head else {
      exchange[slot] = unjudged
      return .next
    }
    guard let domain = exchange.domain, RequestRules.mayTakePart(request, judgesConditions: judgesConditions),
      !isKeyedByWithheld(exchange)
    else { return bypass(exchange) }
    var directives = RequestDirectives(request.block)
    directives.keep(only: honoured)
    guard !directives.noStore, key.make(exchange, request, domain) else { return bypass(exchange) }
    return key.bytes.withBytes { key in
      let place = CachePlace(hash: store.hash(key), key: key, time: store.caches.versions.now)
      if exchange.isDetached { return refresh(exchange, domain, place) }
      switch find(request, place, directives, now: exchange.loop.now) {
      case .response(let response): return hit(exchange, request, response)
      case .refreshed(let response):
        refreshLater(exchange, place)
        return hit(exchange, request, response)
      case .toBeForwarded(let reason, let kept): return miss(exchange, domain, place, reason, kept, directives)
      }
    }
  }

  /// Whether the key has a field that tells the origin who asks: what the request says there is not what the origin sees,
  /// and all callers would have one key.
  private func isKeyedByWithheld(_ exchange: Exchange) -> Bool {
    let withheld = exchange.withheld
    return !withheld.isEmpty && withheld.contains { keyed.contains($0) }
  }

  private enum Found {
    case response(CachedResponse)
    /// One that is stale and may be given while the origin is asked for a fresh one.
    case refreshed(CachedResponse)
    /// Why, and what there is that does not do as it stands.
    case toBeForwarded(StoreJob.Forwarded, CachedResponse?)
  }

  private func bypass(_ exchange: Exchange) -> Verdict {
    exchange.cacheResult = "bypass"
    store.counters.bypassed.add()
    exchange[slot] = passing
    return .next
  }

  private func find(_ request: RequestHead, _ place: CachePlace, _ directives: RequestDirectives, now: Int64) -> Found {
    switch store.find(place.hash, place.key, request.block, now: now, for: directives) {
    case .taken(let response, .whileAsking): return .refreshed(response)
    case .taken(let response, _): return .response(response)
    case .none: return .toBeForwarded(directives.noCache ? .request : .miss, nil)
    case .otherVariants: return .toBeForwarded(directives.noCache ? .request : .variant, nil)
    case .fresh(let response): return .toBeForwarded(.request, response)
    case .stale(let response): return .toBeForwarded(directives.noCache ? .request : .stale, response)
    }
  }

  func hit(_ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse) -> Verdict {
    if tier != nil, let turn = takeTierTurn(of: exchange) { return hit(exchange, request, response, turn) }
    if let seat = exchange[slot] as? FlightSeat { return collapsed(exchange, request, response, seat) }
    exchange.cacheResult = "hit"
    store.counters.hits.add()
    lines.addHit(response, to: exchange)
    return .reply(StoredAnswers.reply(response, to: request, exchange))
  }

  /// Another request has asked the origin, or the second tier, for this one too.
  private func collapsed(
    _ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse, _ seat: FlightSeat
  ) -> Verdict {
    if seat.part == .shared {
      exchange[slot] = nil
      return shared(exchange, request, response)
    }
    exchange.cacheResult = "collapsed"
    store.counters.collapsed.add()
    seat.finish(.answered)
    exchange[slot] = nil
    lines.addForwarded(ForwardStatus(reason: seat.forwarded, collapsed: true), giving: response, to: exchange)
    return .reply(StoredAnswers.reply(response, to: request, exchange))
  }

  private func miss(
    _ exchange: Exchange, _ domain: DomainFacts, _ place: CachePlace, _ forwarded: StoreJob.Forwarded,
    _ kept: CachedResponse?, _ directives: RequestDirectives
  ) -> Verdict {
    exchange.cacheResult = "miss"
    let turn = tier == nil ? nil : takeTierTurn(of: exchange)
    if directives.onlyIfCached {
      if turn == nil, askSecondTier(exchange, domain, Flights.Key(place), forwarded, .alone(hasWaited: false)) {
        return .wait
      }
      store.countMiss(of: domain)
      return .reply(StoredAnswers.notCached)
    }
    if let kept, let seat = exchange[slot] as? FlightSeat, seat.part == .failed,
      helps(kept, for: directives.helpOnError(kept), since: place.time, exchange.loop.now)
    {
      store.countHelp(of: domain)
      return collapsed(exchange, exchange.request, kept, seat)
    }
    let key = Flights.Key(place)
    let way = turn.map(way(after:)) ?? way(of: exchange, key, forwarded, kept)
    if case .waits(let seat) = way {
      exchange[slot] = seat
      return .wait
    }
    if turn == nil, askSecondTier(exchange, domain, key, forwarded, way) { return .wait }
    let account = store.countMiss(of: domain)
    let job = job(
      exchange, domain, key, at: place.time, forwarded, kept.map { validate($0, for: exchange, directives) })
    job.account = account
    switch way {
    case .leads(let seat): job.seat = seat
    case .alone(let hasWaited): job.hasWaited = hasWaited
    case .waits: break
    }
    exchange[slot] = job
    return .next
  }

  func job(
    _ exchange: Exchange, _ domain: DomainFacts, _ key: Flights.Key, at time: UInt64, _ forwarded: StoreJob.Forwarded,
    _ validated: ValidatedAnswer?
  ) -> StoreJob {
    let job = StoreJob(
      key: key.bytes, hash: key.value, version: mark(of: exchange, domain, at: time), forwarded: forwarded,
      began: exchange.loop.now, room: domain.key.withUnsafeReadableBytes { store.room.share(of: $0) },
      validated: validated)
    job.sharedTime = tier?.time
    return job
  }

  /// What answers to a request are about.
  func mark(of exchange: Exchange, _ domain: DomainFacts, at time: UInt64) -> AnswerVersions.Mark {
    exchange.request.withPath { path in
      domain.key.withUnsafeReadableBytes { store.caches.versions.mark(domain: $0, path: path, at: time) }
    }
  }
}

/// Where the answers to a request are kept.
struct CachePlace {
  let hash: UInt64
  let key: UnsafeRawBufferPointer
  /// When it was looked up, in changes: before anything was found there.
  let time: UInt64
}
