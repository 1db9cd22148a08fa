import GatewayKit
import HTTPWire

// Requests that are sent once more.
extension ClientConnection {
  /// Sends the request once more if it may be; false when the failure stands.
  func tryAgain(after failure: UpstreamFailure, _ failed: UpstreamConnection) -> Bool {
    guard let pool else { return false }
    // A connection that had carried others and was closed before any byte of an answer was most likely closed while it
    // rested, for which nobody is to blame.
    if case .closedBeforeResponse = failure, failed.carried > 0, !failed.hasAnswered, !retry.sawStale {
      guard retry.isRepeatable else { return false }
      retry.sawStale = true
      return again(pool, isFresh: true)
    }
    pool.failed(failed.endpointIndex)
    return tryElsewhere(than: failed.endpointIndex, pool)
  }

  /// Notes how the endpoint does; true when its answer is left aside and another endpoint is asked.
  func judgeEndpoint(by status: UInt16) -> Bool {
    guard let pool, let upstream else { return false }
    let endpoint = upstream.endpointIndex
    if UpstreamPlan.failureStatuses.contains(status) { pool.failed(endpoint) } else { pool.succeeded(endpoint) }
    return pool.retriesByStatus && pool.plan.retryStatuses.contains(Int(status)) && leave(upstream, pool)
  }

  private func leave(_ connection: UpstreamConnection, _ pool: UpstreamPool) -> Bool {
    guard retry.isRepeatable, pool.hasOther(than: connection.endpointIndex, retry.tried) else { return false }
    guard tryElsewhere(than: connection.endpointIndex, pool) else { return false }
    connection.abandon()
    return true
  }

  /// Sends the request once more, to whichever endpoint's turn it is.
  func askAnew(_ pool: UpstreamPool) {
    exchange.outcome.retries += 1
    worker.counters.upstreamRetries &+= 1
    let key = HashKey.of(exchange, pool.configuration.balance)
    wait(pool.acquire(self, of: domain, key: key, excluding: retry.tried))
  }

  private func tryElsewhere(than endpoint: Int, _ pool: UpstreamPool) -> Bool {
    guard retry.isRepeatable, retry.sent < pool.configuration.retry.attempts,
      pool.hasOther(than: endpoint, retry.tried), pool.budget.tryRetry(now: worker.context.now)
    else { return false }
    retry.sent += 1
    retry.tried.insert(endpoint)
    return again(pool, isFresh: false)
  }

  /// False when there is no connection for it: then what came of the request stands.
  private func again(_ pool: UpstreamPool, isFresh: Bool) -> Bool {
    let key = HashKey.of(exchange, pool.configuration.balance)
    let acquisition = pool.acquire(self, of: domain, key: key, excluding: retry.tried, isFresh: isFresh)
    if case .refused = acquisition { return false }
    exchange.outcome.retries += 1
    worker.counters.upstreamRetries &+= 1
    wait(acquisition)
    return true
  }
}
