import GatewayKit
import HTTPWire
import NIOCore

// The response's way.
extension CacheFilter {
  func response(_ exchange: Exchange) {
    defer { tags.removeFields(of: exchange) }
    noteForwarded(exchange)
    guard exchange.request.method.isSafe else { return judge(exchange) }
    guard let job = exchange[slot] as? StoreJob, exchange.replyInProgress == nil else { return }
    job.isTagged = tags.add(to: &job.version, exchange, store.caches.versions)
    // A refresh may be for a HEAD, which can be another operation than the GET that is kept.
    if exchange.isDetached, let answer = job.validated { addTags(of: answer.response, to: job) }
    if isAboutKept(exchange, job) { return }
    noteHead(exchange, job)
    job.terms = rules.terms(exchange, began: job.began).flatMap {
      isReached(job) && hasRoom(exchange, job) ? $0 : nil
    }
    if job.terms == nil { notKept(exchange, job) }
    // Whoever waits for what will not come, or has to ask about it, goes on at once.
    if job.terms?.lifetime ?? 0 <= 0 { job.seat?.finish(.alone) }
    let status = ForwardStatus(reason: job.forwarded, isStored: job.terms != nil, collapsed: job.collapsed)
    lines.addForwarded(status, to: exchange)
  }

  /// Says why a request went on that has no part in the cache; of answers of the gateway's own nothing is said (RFC 9211
  /// section 2).
  private func noteForwarded(_ exchange: Exchange) {
    guard exchange.replyInProgress == nil else { return }
    if exchange[slot] is PassingRequest { exchange.responseAdditions.add(rendered: CacheFields.bypass) }
    if exchange[slot] is UnjudgedWrite { exchange.responseAdditions.add(rendered: CacheFields.otherMethod) }
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

  private func notKept(_ exchange: Exchange, _ job: StoreJob) {
    let status = exchange.response.status
    // All who wait would be too much for an origin in trouble.
    if Self.isTrouble(status) {
      job.seat?.pass()
      return
    }
    dropReplaced(exchange, job)
    if job.lacksRoom {
      store.counters.noRoom.add()
    } else if status < 500, mayLead(exchange.request, nil) {
      unstorable.note(job.hash, now: exchange.loop.now)
    }
  }

  /// Statuses that are about a moment and not about what is asked for.
  private static func isTrouble(_ status: UInt16) -> Bool { [429, 500, 502, 503, 504].contains(status) }

  /// The origin's answer takes the place of the kept one it was asked about, whether or not it is kept itself (RFC 9111
  /// section 4.3.3). A part says nothing of the whole, nor does a 304 to the client's own conditions.
  private func dropReplaced(_ exchange: Exchange, _ job: StoreJob) {
    let status = exchange.response.status
    guard exchange.request.method == .get, status < 500, ![206, 304, 416].contains(status) else { return }
    if let answer = job.validated {
      withdraw(answer.response, exchange)
    } else if job.forwarded == .request {
      withdrawShared(exchange, job)
    }
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
    dropReplaced(exchange, job)
    if job.lacksRoom { store.counters.noRoom.add() } else { unstorable.note(job.hash, now: exchange.loop.now) }
  }

  func storeEnd(_ exchange: Exchange, complete: Bool) {
    defer { exchange[slot] = nil }
    guard complete, let job = exchange[slot] as? StoreJob, let terms = job.terms, !job.isGivenUp else { return }
    job.trim()
    let response = CachedResponse(job, terms: terms, now: job.headTime)
    let isKept = store.insert(response, mostVariants: variants)
    job.seat?.finish(isKept ? .answered : .alone)
    if isKept {
      share(response, exchange, job)
    } else if store.isTooLarge(response) {
      unstorable.note(job.hash, now: exchange.loop.now)
    }
  }
}
