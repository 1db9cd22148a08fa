import GatewayKit
import HTTPWire

// Who has to move next, how long that may take, and what happens when it takes longer.
extension ClientConnection {
  /// Whether more of the request's content is the client's to send.
  private var awaitsContent: Bool { !contentIsRead && !awaitsContinue && !contentRate.isHeldUp }

  /// Whether the answer waits for the client to take what there is of it.
  private var awaitsTaking: Bool { upstream?.isReadingPaused ?? false }

  /// While request and response stream: wakes the connection when whoever has to move next has taken too long for it.
  func armStreaming() {
    if awaitsContent { return arm(until: contentDeadline) }
    if awaitsTaking { return arm(worker.limits.lookInterval) }
    if contentRate.isHeldUp, !contentIsRead { return arm(worker.limits.upstreamBodyIdle) }
    arm(responseHasBegun ? responseIdle : pool?.headTimeout ?? worker.limits.upstreamHead)
  }

  /// Notes until when the client has to send more.
  func expectContent() {
    let idle = worker.context.now &+ worker.limits.bodyIdle
    contentDeadline = min(idle, contentRate.deadline(after: exchange.outcome.requestBytes))
    armStreaming()
  }

  /// The client was asked to send its content, or does so unasked: its time begins.
  func contentMayCome() {
    guard awaitsContinue else { return }
    awaitsContinue = false
    contentRate.begin(now: worker.context.now)
    expectContent()
  }

  /// How long the origin may say nothing.
  private var responseIdle: Int64 { isStream ? worker.limits.streamIdle : worker.limits.upstreamBodyIdle }
}

extension ClientConnection: TimerTarget {
  func timerFired() {
    switch stage {
    case .head: headIsLate()
    case .judging where !isExchangeLate: waitIsOver()
    case .acquiring where !isExchangeLate:
      cancelWish()
      answerFailure(Refusals.upstreamWait)
    case .upstream where !isExchangeLate: streamingIsLate()
    case .judging, .acquiring, .upstream: exchangeIsLate()
    case .tunnel: tunnelIsLate()
    case .draining: close()
    case .lingering, .closed: outputIsLate()
    }
    process()
  }

  /// A filter has waited for as long as it may.
  private func waitIsOver() {
    guard exchange.asksAgainLate else { return answer(Refusals.pluginTimeout) }
    exchange.cancelSuspension()
    resumed(exchange, .again)
  }

  private var isExchangeLate: Bool { worker.context.now >= exchangeDeadline }

  private func headIsLate() {
    guard parser.isStarted else { return restIsLong() }
    isPersistent = false
    contentIsRead = false
    exchange.request.reset()
    worker.counters.requests &+= 1
    exchange.outcome.started = worker.context.now
    chain = worker.chain(worker.generation.strayChain)
    answer(Refusals.requestHeadTimeout)
  }

  /// The connection has rested for a while, or for as long as it may.
  private func restIsLong() {
    guard worker.context.now < idleUntil else { return outputIsLate() }
    releaseInput()
    exchange.shrink()
    content.begin(.none, limits: worker.limits.wire)
    arm(until: idleUntil)
  }

  /// The connection rests or ends, and is closed unless its client still takes what was written.
  private func outputIsLate() {
    guard undeliveredBytes > 0 else { return close() }
    // A proper close would leave what the client does not take with the system, for minutes.
    guard isTaking else { return reset() }
    arm(worker.limits.lookInterval)
  }

  /// The whole exchange has taken too long.
  private func exchangeIsLate() {
    if hasClientClosed { return close() }
    cancelWish()
    upstream?.abandon()
    upstream = nil
    if responseHasBegun { cut("exchange_timeout") } else { answerFailure(Refusals.exchangeTimeout) }
  }

  /// Whoever had to move has not for as long as it may: who that is decides what happens.
  private func streamingIsLate() {
    if awaitsContent { return contentFailed(Refusals.requestBodyTimeout) }
    if awaitsTaking { return clientIsSlow() }
    if contentRate.isHeldUp, !contentIsRead { return originIsSlow() }
    upstream?.abandon()
    upstreamFailed(responseHasBegun ? .bodyTimeout : .headTimeout)
  }

  /// The client holds the response up; that is its right while it takes it at the least rate.
  private func clientIsSlow() {
    if isTaking { return armStreaming() }
    cut("client_stalled")
    reset()
  }

  /// The origin holds the request up; that is its right while it takes any of it.
  private func originIsSlow() {
    guard let upstream else { return }
    if intake.look(now: worker.context.now, bytes: upstream.deliveredBytes, rate: 0) { return armStreaming() }
    upstream.abandon()
    upstreamFailed(.stalled)
  }

  /// Whether the client takes enough of what is written for it.
  private var isTaking: Bool {
    delivery.look(
      now: worker.context.now, bytes: deliveredBytes, rate: worker.limits.leastRate, patience: worker.limits.bodyIdle)
  }
}
