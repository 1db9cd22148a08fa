import GatewayKit
import HTTPWire
import NIOCore

// The response's way.
extension CacheFilter {
  func response(_ exchange: Exchange) {
    defer { tags.removeFields(of: exchange) }
    guard exchange.request.method.isSafe else { return Invalidation.judge(exchange, tags, store.caches) }
    guard let job = exchange[slot] as? StoreJob, exchange.replyInProgress == nil else { return }
    job.isTagged = tags.add(to: &job.version, exchange, store.caches.versions)
    if isAboutKept(exchange, job) { return }
    noteHead(exchange, job)
    job.terms = rules.terms(exchange, began: job.began).flatMap {
      hasRoom(exchange, job) && isReached(job) ? $0 : nil
    }
    // Whoever waits for what will not come, or has to ask about it, goes on at once.
    if job.terms?.lifetime ?? 0 <= 0 { job.seat?.finish(.alone) }
    if job.terms == nil, exchange.response.status < 500, mayLead(exchange.request, nil) {
      unstorable.note(job.hash, now: exchange.loop.now)
    }
    let status = ForwardStatus(reason: job.forwarded, isStored: job.terms != nil, collapsed: job.collapsed)
    lines.addForwarded(status, to: exchange)
  }

  /// Whether purges reach the answer by all of its tags.
  func isReached(_ job: StoreJob) -> Bool {
    if !job.isTagged { store.counters.untaggable.add() }
    return job.isTagged
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
    guard let job = exchange[slot] as? StoreJob, !job.isGivenUp else { return }
    job.append(bytes, limit: maxObject)
    guard job.isGivenUp else { return }
    job.seat?.finish(.alone)
    unstorable.note(job.hash, now: exchange.loop.now)
  }

  func storeEnd(_ exchange: Exchange, complete: Bool) {
    defer { exchange[slot] = nil }
    guard complete, let job = exchange[slot] as? StoreJob, let terms = job.terms, !job.isGivenUp else { return }
    job.trim()
    let response = CachedResponse(job, terms: terms, now: job.headTime)
    if store.insert(response, mostVariants: variants) { share(response, job) }
    job.seat?.finish(.answered)
  }
}
