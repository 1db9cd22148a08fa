import GatewayKit
import HTTPWire
import NIOCore

// How exchanges and the connection end.
extension ClientConnection {
  /// The response is written; the exchange ends and the connection goes on, drains, lingers or closes.
  func responseFinished() {
    endExchange()
    if contentIsRead { return nextRequest() }
    if isPersistent {
      stage = .draining
      arm(worker.limits.bodyIdle)
    } else {
      linger()
    }
  }

  /// The connection goes on, unless it must not, or the gateway began to drain after the head was written.
  private func nextRequest() {
    guard isPersistent, !worker.isDraining else { return closeAfterWrites() }
    stage = .head
    arm(worker.limits.keepAliveIdle)
  }

  /// Observers see the exchange, counters count it, and the object is made ready for the next.
  private func endExchange() {
    exchange.outcome.finished = worker.context.now
    if let chain {
      for filter in chain.observers { filter.observe(exchange) }
    }
    count(exchange.outcome)
    exchange.reset()
    chain = nil
    plan = nil
    upstream = nil
  }

  private func count(_ outcome: Outcome) {
    let group = Int(outcome.status / 100)
    worker.counters.answers[group < worker.counters.answers.count ? group : 0] &+= 1
    worker.counters.requestBytes &+= outcome.requestBytes
    worker.counters.responseBytes &+= outcome.responseBytes
    if let reason = outcome.reason { worker.counters.reasons[reason.text, default: 0] &+= 1 }
  }

  /// Reads and drops the rest of the content; true when the next request can be read.
  func drainContent() -> Bool {
    do {
      while true {
        switch try content.next(&input) {
        case .needMore: return false
        case .bytes(let bytes):
          dropped &+= UInt64(bytes.readableBytes)
          if dropped > worker.limits.drainBody {
            linger()
            return true
          }
        case .end:
          contentIsRead = true
          nextRequest()
          return true
        }
      }
    } catch {
      linger()
      return true
    }
  }

  func dropInput() -> Bool {
    input.clear()
    return false
  }

  /// Closes our side and drops what still comes for a while: closing at once, with input unread, would reset the
  /// connection and could take the answer from the client (RFC 9112 section 9.6).
  private func linger() {
    stage = .lingering
    arm(worker.limits.linger)
    flushIfNeeded()
    context?.close(mode: .output, promise: nil)
  }

  /// Closes when everything has been written.
  func closeAfterWrites() {
    stage = .closed
    input.clear()
    guard let context else { return }
    needsFlush = false
    context.flush()
    let options = context.channel.syncOptions
    if let left = try? options?.getOption(.bufferedWritableBytes), left == 0 { return context.close(promise: nil) }
    arm(worker.limits.upstreamBodyIdle)
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { [self] _ in self.context?.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
  }

  /// Cuts a response that cannot be completed: the client sees that it is cut (RFC 9112 section 8).
  func cut(_ reason: ReasonCode?) {
    exchange.outcome.reason = reason
    finishStores()
    upstream?.abandon()
    endExchange()
    stage = .closed
    flushIfNeeded()
    context?.close(promise: nil)
  }

  /// The client's connection is gone.
  func clientGone() {
    let wasRunning = stage == .judging || stage == .acquiring || stage == .upstream
    if wasRunning {
      if stage == .acquiring, let plan { worker.pools[plan.upstream].cancel(self) }
      upstream?.abandon()
      exchange.outcome.reason = "client_closed"
      finishStores()
      endExchange()
    }
    stage = .closed
    input.clear()
  }

  private func finishStores() {
    for filter in stores { filter.storeEnd(exchange, complete: false) }
    stores.removeAll(keepingCapacity: true)
  }

  /// The gateway ends: an idle connection closes now, a busy one with its exchange.
  func drain() {
    if stage == .head, !parser.isStarted, input.readableBytes == 0 { context?.close(promise: nil) }
  }

  /// The gateway's patience is over.
  func cut() { context?.close(promise: nil) }
}

// MARK: - Timers

extension ClientConnection: TimerTarget {
  func timerFired() {
    switch stage {
    case .head: headIsLate()
    case .judging: answer(Refusals.pluginTimeout)
    case .acquiring:
      if let plan { worker.pools[plan.upstream].cancel(self) }
      answer(Refusals.upstreamWait)
    case .upstream: upstreamIsLate()
    case .draining, .lingering, .closed: context?.close(promise: nil)
    }
    process()
  }

  private func headIsLate() {
    guard parser.isStarted else {
      stage = .closed
      context?.close(promise: nil)
      return
    }
    isPersistent = false
    contentIsRead = false
    exchange.request.reset()
    exchange.outcome.started = worker.context.now
    chain = worker.chain(worker.generation.strayChain)
    answer(Refusals.requestHeadTimeout)
  }

  private func upstreamIsLate() {
    guard contentIsRead else { return contentFailed(Refusals.requestBodyTimeout) }
    upstream?.abandon()
    upstreamFailed(responseHasBegun ? .bodyTimeout : .headTimeout)
  }
}
