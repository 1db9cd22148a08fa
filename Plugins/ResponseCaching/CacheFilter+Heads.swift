import GatewayKit
import HTTPWire

// Kept answers that a HEAD says something of.
extension CacheFilter {
  /// What the origin says to a HEAD, it says of the kept answer to a GET too (RFC 9111 section 4.3.5): one with the same
  /// validators is updated, and one with others is worth nothing any more. The same length alone is no reason to call
  /// fresh what is stale.
  func noteHead(_ exchange: Exchange, _ job: StoreJob) {
    guard exchange.request.method == .head, exchange.response.status == 200, let answer = job.validated else { return }
    let kept = answer.response
    switch Validation.compare(exchange.response, with: kept, now: exchange.loop.wall / 1_000_000_000) {
    case .other: withdraw(kept, exchange)
    case .same: update(kept, job, exchange)
    case .unknown: break
    }
  }

  private func update(_ kept: CachedResponse, _ job: StoreJob, _ exchange: Exchange) {
    guard let head = FreshenedHead.make(of: kept, updatedBy: exchange.response.block) else { return }
    addTags(of: kept, to: job)
    // The client gets what the origin has sent.
    let own = exchange.response
    exchange.response = head
    _ = replace(kept, job, exchange)
    exchange.response = own
  }

  /// The tags of a kept answer that is updated; one head after the other may name others.
  func addTags(of kept: CachedResponse, to job: StoreJob) {
    for tag in kept.version.tags { job.version.add(tag: tag) }
    job.isTagged = job.isTagged && tags.areBounded(job.version)
  }
}
