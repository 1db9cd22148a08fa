import GatewayKit
import HTTPWire
import NIOCore

/// An exchange of the gateway's own: asks the origin once more for what a client was just answered from the cache, so that
/// the cache has it fresh. The client's request was judged already, so only the phases from the cache look-up on see it;
/// nobody gets the answer.
final class DetachedExchange {
  private let worker: LoopWorker
  private let exchange: Exchange
  private let chain: Chain
  private let pool: UpstreamPool
  /// The number of the domain in the generation.
  let domain: Int
  private var wish: UpstreamWish?
  private var upstream: UpstreamConnection?
  private var stores: ContiguousArray<any CacheStoreFilter> = []
  /// Whether what comes of the response is of no use to anybody.
  private var isReplaced = false
  /// Whether it was sent again already because a connection was closed that had rested.
  private var sawStale = false
  /// Whether it was sent again already because a filter had no use for the response.
  private var isAskedAnew = false
  /// Whether an origin was to be asked.
  private var isBegun = false
  private let timer = Timer()

  init(of exchange: Exchange, _ chain: Chain, _ pool: UpstreamPool, domain: Int, on worker: LoopWorker) {
    self.worker = worker
    self.chain = chain
    self.pool = pool
    self.domain = domain
    self.exchange = worker.takeExchange(peerAddress: exchange.peerAddress, isSecure: exchange.isSecure)
    self.exchange.repeatRequest(of: exchange)
  }

  /// Asks the cache whether there is anything to do, and does it.
  func start(_ trail: ClientTrail?, domain field: DomainResolver.Field) {
    timer.target = self
    guard isWanted else { return finish() }
    isBegun = true
    pool.budget.request(now: worker.context.now)
    ForwardingFields.apply(to: exchange, trail, domain: field)
    exchange.request.block.remove(exchange.requestAdditions.names)
    // The whole of it has this long; a client would be told that it takes too long, here nobody waits.
    worker.wheel.arm(timer, deadline: worker.context.now &+ pool.headTimeout &+ worker.limits.upstreamBodyIdle)
    acquire(isFresh: false)
  }

  private func acquire(isFresh: Bool) {
    let key = HashKey.of(exchange, pool.configuration.balance)
    switch pool.acquire(self, of: domain, key: key, isFresh: isFresh) {
    case .connection(let connection): send(over: connection)
    case .refused(let failure): fail(failure.reply.reason)
    case .waiting(let wish): self.wish = wish
    }
  }

  private var isWanted: Bool {
    for step in chain.steps {
      guard case .lookup = step else { continue }
      guard case .next = step.run(exchange) else { return false }
    }
    return true
  }

  private func send(over connection: UpstreamConnection) {
    upstream = connection
    exchange.outcome.upstreamStarted = worker.context.now
    exchange.outcome.endpoint = connection.endpointName
    worker.upstreamOutput.clear()
    exchange.withRequest { request in
      request.serialize(
        into: &worker.upstreamOutput, extra: exchange.requestAdditions.lines, host: connection.hostField,
        pathPrefix: connection.basePath)
    }
    connection.begin(self)
    connection.requestSent()
    connection.write(&worker.upstreamOutput)
  }

  /// The gateway ends, or the exchange cannot go on.
  func cancel(_ reason: ReasonCode) {
    if let wish { pool.cancel(wish) }
    upstream?.abandon()
    fail(reason)
  }

  /// The cache is told, since others may wait for what comes of it.
  private func fail(_ reason: ReasonCode?) {
    exchange.outcome.reason = reason
    if stores.isEmpty, !isReplaced {
      for filter in chain.revalidations { _ = filter.upstreamFailed(exchange) }
    }
    for filter in stores { filter.storeEnd(exchange, complete: false) }
    finish()
  }

  private func finish() {
    stores.removeAll()
    (wish, upstream) = (nil, nil)
    worker.wheel.cancel(timer)
    timer.target = nil
    guard worker.detached.remove(self) else { return }
    observe()
    exchange.reset()
    worker.giveExchange(exchange)
  }

  private func observe() {
    guard isBegun else { return }
    exchange.outcome.finished = worker.context.now
    for filter in chain.detachedObservers { filter.observeDetached(exchange) }
  }
}

extension DetachedExchange: UpstreamWaiter {
  func upstreamReady(_ connection: UpstreamConnection) {
    wish = nil
    send(over: connection)
  }

  func upstreamUnavailable(_ failure: UpstreamFailure) {
    wish = nil
    fail(failure.reply.reason)
  }
}

extension DetachedExchange: UpstreamExchange {
  var requestMethod: Method { exchange.request.method }

  func upstreamInterim(_ head: inout ResponseHead) {}

  func upstreamHead(_ head: inout ResponseHead) {
    noteHealth(head.status)
    swap(&exchange.response, &head)
    head.reset()
    do {
      try exchange.response.block.removeConnectionFields()
    } catch {
      return cancel(ReasonCode(error.reason))
    }
    exchange.outcome.status = exchange.response.status
    exchange.outcome.upstreamHead = worker.context.now
    if !isAskedAnew, let filter = chain.wantsAnother(exchange), pool.budget.tryRetry(now: worker.context.now) {
      filter.willAskAnew(exchange)
      return askAnew()
    }
    let rest = exchange.response.framing
    for filter in chain.responses { filter.response(exchange) }
    isReplaced = chain.revalidations.contains { $0.revalidated(exchange) != nil }
    if !isReplaced, !exchange.response.isEventStream {
      for filter in chain.stores where filter.storeHead(exchange) { stores.append(filter) }
    }
    // What nobody keeps is read only where that is less than a new connection costs.
    if stores.isEmpty, !rest.isShort(worker.limits.drainBody) {
      upstream?.abandon()
      finish()
    }
  }

  private func askAnew() {
    isAskedAnew = true
    exchange.response.reset()
    exchange.outcome.status = 0
    exchange.outcome.upstreamHead = 0
    upstream?.abandon()
    upstream = nil
    sendAgain(isFresh: false)
  }

  private func sendAgain(isFresh: Bool) {
    exchange.outcome.retries += 1
    acquire(isFresh: isFresh)
  }

  private func noteHealth(_ status: UInt16) {
    guard let upstream else { return }
    let isFailure = UpstreamPlan.failureStatuses.contains(status)
    if isFailure { pool.failed(upstream.endpointIndex) } else { pool.succeeded(upstream.endpointIndex) }
  }

  func upstreamBody(_ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    exchange.outcome.responseBytes &+= UInt64(bytes.readableBytes)
    for filter in stores { filter.storeBody(exchange, bytes) }
  }

  func upstreamEnd(trailers: FieldBlock?) {
    for filter in stores { filter.storeEnd(exchange, complete: true) }
    stores.removeAll()
    upstream = nil
  }

  func upstreamReleased() { finish() }

  func upstreamFailed(_ failure: UpstreamFailure) {
    let failed = upstream
    upstream = nil
    // Nobody is to blame for a connection that was closed while it rested.
    if case .closedBeforeResponse = failure, let failed, failed.carried > 0, !failed.hasAnswered, !sawStale {
      sawStale = true
      return sendAgain(isFresh: true)
    }
    if let failed { pool.failed(failed.endpointIndex) }
    fail(failure.reply.reason)
  }

  func upstreamReadComplete() {}
  func upstreamDrained() {}
}

extension DetachedExchange: TimerTarget {
  func timerFired() { cancel("exchange_timeout") }
}

extension Framing {
  /// Whether so little of a message is still to come that its connection is worth reading it for; a 304 has nothing more.
  fileprivate func isShort(_ most: UInt64) -> Bool {
    switch self {
    case .none: true
    case .length(let length): length <= most
    case .chunked, .untilClose: false
    }
  }
}
