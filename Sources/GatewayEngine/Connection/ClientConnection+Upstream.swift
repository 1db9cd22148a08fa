import GatewayKit
import HTTPWire
import NIOCore

// The request's way to the origin.
extension ClientConnection: UpstreamWaiter {
  func acquire() {
    guard let pool else { return answer(Refusals.noRoute) }
    pool.budget.request(now: worker.context.now)
    retry.begin(exchange.request.method, bound: pool.configuration.retry.body)
    ForwardingFields.apply(to: exchange, trail, domain: domainField)
    addUpgradeFields()
    // What a filter has added stands in place of what the client sent.
    exchange.request.block.remove(exchange.requestAdditions.names)
    contentRate.begin(now: worker.context.now)
    let key = HashKey.of(exchange, pool.configuration.balance)
    wait(pool.acquire(self, of: domain, key: key))
  }

  func wait(_ acquisition: Acquisition) {
    switch acquisition {
    case .connection(let connection): send(over: connection)
    case .refused(let reason): answerFailure(reason.reply)
    case .waiting(let wish):
      self.wish = wish
      stage = .acquiring
      contentRate.heldUp(now: worker.context.now)
      arm(pool?.headTimeout ?? worker.limits.upstreamHead)
    }
  }

  func upstreamReady(_ connection: UpstreamConnection) {
    wish = nil
    send(over: connection)
    process()
  }

  func upstreamUnavailable(_ failure: UpstreamFailure) {
    wish = nil
    answerFailure(failure.reply)
    process()
  }

  private func send(over connection: UpstreamConnection) {
    upstream = connection
    stage = .upstream
    exchange.outcome.upstreamStarted = worker.context.now
    exchange.outcome.endpoint = connection.endpointName
    worker.upstreamOutput.clear()
    exchange.withRequest { request in
      request.serialize(
        into: &worker.upstreamOutput, extra: exchange.requestAdditions.lines, host: connection.hostField,
        pathPrefix: connection.basePath)
    }
    connection.begin(self)
    connection.setReadingPaused(!isWritable)
    resendContent()
    if contentIsRead {
      requestIsSent(connection)
      connection.write(&worker.upstreamOutput)
    } else {
      _ = sendContent()
    }
  }

  /// What went to an endpoint that failed goes to the next one too.
  private func resendContent() {
    let isChunked = exchange.request.framing == .chunked
    if retry.held.readableBytes > 0 {
      if isChunked { HeadWriting.appendChunkHead(retry.held.readableBytes, into: &worker.upstreamOutput) }
      worker.upstreamOutput.writeImmutableBuffer(retry.held)
      if isChunked { HeadWriting.writeLineEnd(into: &worker.upstreamOutput) }
    }
    // Empty content has an end too.
    if isChunked, contentIsRead { worker.upstreamOutput.writeStaticString(HeadWriting.lastChunk) }
  }

  /// Moves content from the input to the origin while it takes it; true when that ended the exchange.
  func sendContent() -> Bool {
    guard let upstream, !contentIsRead else { return false }
    if upstream.isWritable { contentRate.goesOn(now: worker.context.now) }
    do {
      while !contentIsRead, upstream.isWritable, try sendPiece(to: upstream) {}
    } catch {
      contentFailed(Reply(refusing: error.status, ReasonCode(error.reason), message: error.message.description))
    }
    if stage == .upstream, worker.upstreamOutput.readableBytes > 0 { upstream.write(&worker.upstreamOutput) }
    worker.upstreamOutput.clear()
    if stage == .upstream, !contentIsRead, !upstream.isWritable { contentIsHeldUp(by: upstream) }
    return stage != .upstream
  }

  private func contentIsHeldUp(by upstream: UpstreamConnection) {
    contentRate.heldUp(now: worker.context.now)
    intake.begin(now: worker.context.now, bytes: upstream.deliveredBytes)
    armStreaming()
  }

  /// False when the input holds no whole piece.
  private func sendPiece(to upstream: UpstreamConnection) throws(WireError) -> Bool {
    let isChunked = exchange.request.framing == .chunked
    switch try content.next(&input) {
    case .needMore:
      expectContent()
      return false
    case .bytes(let bytes):
      exchange.outcome.requestBytes &+= UInt64(bytes.readableBytes)
      contentMayCome()
      if let most = worker.limits.body, exchange.outcome.requestBytes > most {
        contentFailed(Refusals.bodyTooLarge)
        return false
      }
      retry.hold(bytes)
      if isChunked { HeadWriting.appendChunkHead(bytes.readableBytes, into: &worker.upstreamOutput) }
      if bytes.readableBytes <= worker.limits.coalesce {
        worker.upstreamOutput.writeImmutableBuffer(bytes)
      } else {
        upstream.write(&worker.upstreamOutput, bytes)
      }
      if isChunked { HeadWriting.writeLineEnd(into: &worker.upstreamOutput) }
    case .end:
      contentIsRead = true
      if isChunked { writeLastChunk() }
      requestIsSent(upstream)
    }
    return true
  }

  private func writeLastChunk() {
    var trailers = content.trailers
    if trailers != nil {
      trailers?.checkTrailers(against: exchange.request.block, added: exchange.requestAdditions.lines)
      trailers?.remove(readingAs: exchange.withheld)
      retry.forbid()
    }
    HeadWriting.writeLastChunk(trailers: trailers, into: &worker.upstreamOutput)
  }

  private func requestIsSent(_ upstream: UpstreamConnection) {
    upstream.requestSent()
    armStreaming()
  }

  /// The content is broken, too large or too late: the message at the origin is cut and never ended properly.
  func contentFailed(_ reply: Reply) {
    upstream?.abandon()
    upstream = nil
    isPersistent = false
    if responseHasBegun { cut(reply.reason) } else { answer(reply) }
  }
}
