import GatewayKit
import HTTPWire
import NIOCore

// The request's way: head, domain, route, filters.
extension ClientConnection {
  /// Reads a head from the input; false when it is not complete.
  func readHead() -> Bool {
    let wasStarted = parser.isStarted
    guard input.readableBytes > 0 else { return false }
    do {
      guard try parser.parse(&input, into: &exchange.request) else {
        if !wasStarted { arm(worker.limits.requestHead) }
        return false
      }
    } catch {
      begin()
      isPersistent = false
      contentIsRead = false
      refuseStray(Reply(refusing: error.status, ReasonCode(error.reason), message: error.message.description))
      return true
    }
    parser.reset()
    begin()
    judge()
    return true
  }

  /// Begins an exchange with the head that was read.
  private func begin() {
    worker.counters.requests &+= 1
    exchange.outcome.started = worker.context.now
    isPersistent = exchange.request.keepAlive && !worker.isDraining && !hasClientClosed
    contentIsRead = exchange.request.framing == .none
    if !contentIsRead { content.begin(exchange.request.framing, limits: worker.limits.wire) }
    responseHasBegun = false
    isReplaced = false
    dropped = 0
    delivery.reset()
    awaitsContinue = exchange.request.expectsContinue
    isStream = false
    wantsTunnel = false
    carried += 1
    if carried >= worker.limits.requestsPerConnection { isPersistent = false }
    let (deadline, overflow) = worker.context.now.addingReportingOverflow(worker.limits.exchange)
    exchangeDeadline = overflow ? .max : deadline
    cursor = 0
    askedAgain = 0
    stage = .judging
  }

  private func judge() {
    trail?.follow(exchange)
    do {
      try exchange.request.block.removeConnectionFields()
    } catch {
      isPersistent = false
      return refuseStray(Reply(refusing: error.status, ReasonCode(error.reason), message: error.message.description))
    }
    if let reply = MaxForwards.judge(exchange) { return refuseStray(reply) }
    if case .length(let length) = exchange.request.framing, let most = worker.limits.body, length > most {
      return refuseStray(Refusals.bodyTooLarge)
    }
    let found = DomainResolver.resolve(
      exchange, serverName: serverName, sources: domainSources, table: worker.generation.table)
    switch found {
    case .refused(let reply): refuseStray(reply)
    case .found(let index, let field):
      let domain = worker.generation.domains[index]
      exchange.domain = domain.facts
      self.domain = index
      guard let plan = exchange.withRequest({ domain.plan(for: $0) }) else { return refuseStray(Refusals.noRoute) }
      self.plan = plan
      pool = worker.pool(plan.upstream)
      exchange.route = plan.facts
      domainField = field
      isStream = plan.isStream
      if let reply = judgeUpgrade(plan) { return refuseStray(reply) }
      chain = worker.chain(plan.chain)
      runChain()
    }
  }

  /// Refuses before a route's chain is known: the observers of the defaults see it all the same.
  private func refuseStray(_ reply: Reply) {
    chain = worker.chain(worker.generation.strayChain)
    answer(reply)
  }
}

// MARK: - Filters

extension ClientConnection: ExchangeDriver {
  /// Asks the filters from the cursor on.
  private func runChain() {
    guard let chain else { return }
    stage = .judging
    while cursor < chain.steps.count {
      switch chain.steps[cursor].run(exchange) {
      case .next: cursor += 1
      case .reply(let reply): return answerEarly(reply)
      case .wait:
        guard exchange.isWaiting else { return answer(Refusals.pluginFailed) }
        return arm(exchange.longestWait ?? worker.limits.pluginWait)
      }
    }
    acquire()
  }

  /// A filter answers, and perhaps has the origin asked for itself.
  private func answerEarly(_ reply: Reply) {
    guard exchange.wantsRefresh, let chain, let pool, !worker.isDraining, worker.detached.hasRoom(for: domain) else {
      return answer(reply)
    }
    let detached = DetachedExchange(of: exchange, chain, pool, domain: domain, on: worker)
    worker.detached.add(detached)
    answer(reply)
    detached.start(trail, domain: domainField)
  }

  func resumed(_ exchange: Exchange, _ continuation: Continuation) {
    guard stage == .judging else { return }
    switch continuation {
    case .reply(let reply): answerEarly(reply)
    case .next:
      cursor += 1
      runChain()
    case .again:
      askedAgain += 1
      if askedAgain > worker.limits.again { answer(Refusals.pluginFailed) } else { runChain() }
    }
    process()
  }
}
