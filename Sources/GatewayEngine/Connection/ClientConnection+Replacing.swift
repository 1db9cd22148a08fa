import GatewayKit
import HTTPWire

// Answers that filters give in place of the origin's.
extension ClientConnection {
  /// Sends the request once more when a filter says that the response whose head has come is worth nothing; false when the
  /// response stands, also because the upstream is asked again too often already.
  func asksAnew(_ chain: Chain) -> Bool {
    guard !retry.isAskedAnew, let pool, let filter = chain.wantsAnother(exchange),
      pool.budget.tryRetry(now: worker.context.now)
    else { return false }
    filter.willAskAnew(exchange)
    retry.isAskedAnew = true
    exchange.response.reset()
    exchange.outcome.upstreamHead = 0
    upstream?.abandon()
    upstream = nil
    askAnew(pool)
    process()
    return true
  }

  /// Answers with the gateway's error, or with what a filter has in its place.
  func answerFailure(_ reply: Reply) {
    if let chain {
      for filter in chain.revalidations {
        if let better = filter.upstreamFailed(exchange) { return answer(better) }
      }
    }
    answer(reply)
  }

  /// Gives the client a filter's answer in place of the response whose head has come; false when no filter has one.
  func replaceResponse(_ chain: Chain) -> Bool {
    for filter in chain.revalidations {
      guard let reply = filter.revalidated(exchange) else { continue }
      replaceResponse(with: reply)
      // What is not here yet may never come, and the client is not to wait for it.
      if upstream?.hasRestOfResponse != true { leaveOrigin() }
      return true
    }
    return false
  }

  private func replaceResponse(with reply: Reply) {
    isReplaced = true
    exchange.response.reset()
    exchange.replyInProgress = reply
    exchange.outcome.reason = reply.reason
    exchange.outcome.status = reply.status
    decidePersistence()
    responseHasBegun = true
    responseFraming = .none
    render(reply)
  }

  private func leaveOrigin() {
    upstream?.abandon()
    writeOutput()
    responseFinished()
    process()
  }
}
