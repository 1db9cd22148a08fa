import GatewayKit
import HTTPWire
import NIOCore

/// Looks up, keeps and invalidates, for one loop.
final class CacheFilter: CacheLookupFilter, ResponseFilter, CacheStoreFilter {
  private let store: CacheStore
  private let slot: StateSlot
  private let rules: StoreRules
  private let maxObject: Int
  private let variants: Int
  private let honoured: HonouredDirectives
  /// Whether parts and conditions are judged here.
  private let judgesConditions: Bool
  /// The fields of the key.
  private let keyed: [FieldNameLetters]
  private var key: CacheKeyBuilder
  private var lines = CacheFields()

  init(settings: CacheSettings, store: CacheStore, slot: StateSlot) {
    self.store = store
    self.slot = slot
    rules = StoreRules(settings)
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
    guard request.method == .get || request.method == .head else { return .next }
    guard let domain = exchange.domain, RequestRules.mayTakePart(request, judgesConditions: judgesConditions),
      !isKeyedByWithheld(exchange)
    else { return bypass(exchange) }
    var directives = RequestDirectives(request.block)
    directives.keep(only: honoured)
    guard !directives.noStore, key.make(exchange, request, domain) else { return bypass(exchange) }
    return key.bytes.withBytes { key in
      let hash = store.hash(key)
      let found =
        directives.noCache ? .toBeForwarded(.request) : find(request, hash, key, directives, now: exchange.loop.now)
      switch found {
      case .response(let response): return hit(exchange, request, response)
      case .toBeForwarded(let reason): return miss(exchange, domain, hash, key, reason, directives)
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
    case toBeForwarded(StoreJob.Forwarded)
  }

  private func bypass(_ exchange: Exchange) -> Verdict {
    exchange.cacheResult = "bypass"
    store.counters.bypassed.add()
    exchange.responseAdditions.add(rendered: CacheFields.bypass)
    return .next
  }

  private func find(
    _ request: RequestHead, _ hash: UInt64, _ key: UnsafeRawBufferPointer, _ directives: RequestDirectives, now: Int64
  ) -> Found {
    switch store.find(hash, key, request.block, now: now) {
    case .none: return .toBeForwarded(.miss)
    case .otherVariants: return .toBeForwarded(.variant)
    case .fresh(let response):
      return isWanted(response, directives, now) ? .response(response) : .toBeForwarded(.request)
    case .stale(let response):
      // Only who says so takes an answer that is stale (RFC 9111 section 4.2.4).
      guard let response, let most = directives.maxStale, isWanted(response, directives, now),
        now &- response.expires <= DeltaSeconds.nanoseconds(most)
      else { return .toBeForwarded(.stale) }
      return .response(response)
    }
  }

  /// Whether the client takes an answer of this age (RFC 9111 sections 5.2.1.1 and 5.2.1.3).
  private func isWanted(_ response: CachedResponse, _ directives: RequestDirectives, _ now: Int64) -> Bool {
    if let most = directives.maxAge, now &- response.born > DeltaSeconds.nanoseconds(most) { return false }
    guard let least = directives.minFresh else { return true }
    return response.expires &- now >= DeltaSeconds.nanoseconds(least)
  }

  private func hit(_ exchange: Exchange, _ request: RequestHead, _ response: CachedResponse) -> Verdict {
    exchange.cacheResult = "hit"
    store.counters.hits.add()
    lines.addHit(response, to: exchange)
    return .reply(StoredAnswers.reply(response, to: request, exchange))
  }

  private func miss(
    _ exchange: Exchange, _ domain: DomainFacts, _ hash: UInt64, _ key: UnsafeRawBufferPointer,
    _ forwarded: StoreJob.Forwarded, _ directives: RequestDirectives
  ) -> Verdict {
    exchange.cacheResult = "miss"
    store.countMiss(of: domain)
    if directives.onlyIfCached { return .reply(StoredAnswers.notCached) }
    let version = exchange.request.withPath { path in
      domain.key.withUnsafeReadableBytes { store.versions.mark(domain: $0, path: path) }
    }
    exchange[slot] = StoreJob(
      key: Array(key), hash: hash, version: version, forwarded: forwarded, began: exchange.loop.now, room: store.room)
    return .next
  }
}

// MARK: - The response's way

extension CacheFilter {
  func response(_ exchange: Exchange) {
    guard exchange.request.method.isSafe else { return Invalidation.judge(exchange, store.versions) }
    guard let job = exchange[slot] as? StoreJob, exchange.replyInProgress == nil else { return }
    job.terms = rules.terms(exchange, began: job.began).flatMap { hasRoom(exchange, job) ? $0 : nil }
    CacheFields.addForwarded(job.forwarded, isStored: job.terms != nil, to: exchange)
  }

  /// A body of unknown length takes its room as it comes.
  private func hasRoom(_ exchange: Exchange, _ job: StoreJob) -> Bool {
    guard case .length(let length) = exchange.response.framing else { return true }
    return job.expect(Int(clamping: length))
  }

  func storeHead(_ exchange: Exchange) -> Bool {
    guard let job = exchange[slot] as? StoreJob, let terms = job.terms else { return false }
    job.keepHead(of: exchange, terms)
    return true
  }

  func storeBody(_ exchange: Exchange, _ bytes: ByteBuffer) {
    (exchange[slot] as? StoreJob)?.append(bytes, limit: maxObject)
  }

  func storeEnd(_ exchange: Exchange, complete: Bool) {
    defer { exchange[slot] = nil }
    guard complete, let job = exchange[slot] as? StoreJob, let terms = job.terms, !job.isGivenUp else { return }
    job.trim()
    store.insert(CachedResponse(job, terms: terms, now: job.headTime), mostVariants: variants)
  }
}
