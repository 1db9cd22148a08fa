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
      beginLingering()
    }
  }

  /// The connection goes on, unless it must not, or the gateway began to drain after the head was written.
  private func nextRequest() {
    guard isPersistent, !worker.isDraining else {
      // A request that came too early must not cost the client this answer.
      return hasUnreadInput ? beginLingering() : leave()
    }
    stage = .head
    releaseInput()
    rest()
  }

  /// The time between two requests begins.
  func rest() {
    idleUntil = worker.context.now &+ worker.limits.keepAliveIdle
    // Looked at before, to give memory back.
    arm(until: min(idleUntil, worker.context.now &+ Self.restless))
  }

  /// How long a connection without a request keeps its memory for the next one, in nanoseconds.
  private static let restless: Int64 = 1_000_000_000

  /// Observers see the exchange, counters count it, and the object is made ready for the next.
  func endExchange() {
    exchange.outcome.finished = worker.context.now
    if let chain {
      for filter in chain.observers { filter.observe(exchange) }
    }
    count()
    exchange.reset()
    retry.letGo()
    chain = nil
    plan = nil
    pool = nil
    upstream = nil
    exchangeDeadline = .max
  }

  private func count() {
    let group = Int(exchange.outcome.status / 100)
    worker.counters.answers[group < 6 ? group : 0] &+= 1
    worker.counters.requestBytes &+= exchange.outcome.requestBytes
    worker.counters.responseBytes &+= exchange.outcome.responseBytes
    if let reason = exchange.outcome.reason { worker.counters.reasons[reason.text, default: 0] &+= 1 }
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
            beginLingering()
            return true
          }
        case .end:
          contentIsRead = true
          nextRequest()
          return true
        }
      }
    } catch {
      beginLingering()
      return true
    }
  }

  func dropInput() -> Bool {
    input.clear()
    return false
  }

  /// Closes our side and drops what still comes for a while: closing at once, with input unread, would reset the
  /// connection and could take the answer from the client (RFC 9112 section 9.6).
  private func beginLingering() {
    stage = .lingering
    // The time to linger begins when the answer is written, which a slow client may take a while for.
    beginDelivery()
    arm(worker.limits.lookInterval)
    closeOutput()
  }

  /// Closes when everything has been written.
  func leave() {
    stage = .closed
    input.clear()
    closeWhenWritten()
    guard isOpen else { return }
    beginDelivery()
    arm(worker.limits.lookInterval)
  }

  /// Cuts a response that cannot be completed: the client sees that it is cut (RFC 9112 section 8).
  func cut(_ reason: ReasonCode?) {
    exchange.outcome.reason = reason
    finishStores()
    upstream?.abandon()
    // Where the end of the connection is the end of the response, only a reset shows that it was cut.
    let showsByReset = responseFraming == .untilClose
    endExchange()
    stage = .closed
    if showsByReset { reset() } else { leave() }
  }

  /// The client's connection is gone.
  func clientGone() {
    let wasRunning = stage == .judging || stage == .acquiring || stage == .upstream
    if wasRunning {
      cancelWish()
      upstream?.abandon()
      exchange.outcome.reason = "client_closed"
      finishStores()
      endExchange()
    } else if stage == .tunnel {
      // The origin still gets what is on its way.
      upstream?.abandonWhenWritten()
      leaveTunnel()
      endExchange()
    }
    stage = .closed
    input.clear()
  }

  func cancelWish() {
    if let wish { pool?.cancel(wish) }
    wish = nil
  }

  private func finishStores() {
    for filter in stores { filter.storeEnd(exchange, complete: false) }
    stores.removeAll(keepingCapacity: true)
  }

  /// The gateway ends: an idle connection closes when its last answer is out, a busy one with its exchange, and a new one
  /// has a moment for its first request, which may be on its way.
  func drain() {
    // What waits with the system would be lost, and the answers with it.
    receiveNow()
    guard stage == .head, !parser.isStarted, input.readableBytes == 0 else { return }
    if carried > 0 { leave() } else { arm(Self.firstRequestGrace) }
  }

  /// How long a new connection may take for its first request when the gateway ends, in nanoseconds.
  static let firstRequestGrace: Int64 = 1_000_000_000
}
