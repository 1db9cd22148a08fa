import GatewayKit
import HTTPWire

// Answers that filters give in place of the origin's.
extension ClientConnection {
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
    guard !chain.revalidations.isEmpty else { return false }
    let rest = exchange.response.framing
    for filter in chain.revalidations {
      guard let reply = filter.revalidated(exchange) else { continue }
      replaceResponse(with: reply)
      if !rest.isShort(worker.limits.drainBody) { leaveOrigin() }
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
    armStreaming()
  }

  private func leaveOrigin() {
    upstream?.abandon()
    writeOutput()
    responseFinished()
    process()
  }
}

extension Framing {
  /// Whether so little of a message is still to come that its connection is worth reading it for; a 304 has nothing more.
  func isShort(_ most: UInt64) -> Bool {
    switch self {
    case .none: true
    case .length(let length): length <= most
    case .chunked, .untilClose: false
    }
  }
}
