import GatewayKit
import HTTPWire
import NIOCore

// The response's way to the client.
extension ClientConnection: UpstreamExchange {
  var requestMethod: Method { exchange.request.method }

  func upstreamInterim(_ head: inout ResponseHead) {
    if head.status == 100 { contentMayCome() }
    guard exchange.request.minorVersion > 0, (try? head.block.removeConnectionFields()) != nil else { return }
    head.serialize(into: &worker.clientOutput, framing: .none)
    // At once: the final response may be left aside for another endpoint's, and then nobody would write it.
    writeOutput()
  }

  func upstreamHead(_ head: inout ResponseHead) {
    // The next endpoint may take content while this one did not.
    if judgeEndpoint(by: head.status) { return process() }
    guard adopt(&head) else { return }
    if let chain {
      if asksAnew(chain) { return }
      for filter in chain.responses { filter.response(exchange) }
      if replaceResponse(chain) { return }
    }
    noteStream()
    beginStores()
    decidePersistence()
    chooseFraming()
    writeHead()
    armStreaming()
  }

  /// Makes a final response's head the exchange's; false when it is refused, which has been dealt with then.
  func adopt(_ head: inout ResponseHead) -> Bool {
    exchange.outcome.upstreamHead = worker.context.now
    swap(&exchange.response, &head)
    head.reset()
    do {
      try exchange.response.block.removeConnectionFields()
      return true
    } catch {
      exchange.response.reset()
      upstream?.abandon()
      upstreamFailed(.responseInvalid(ReasonCode(error.reason)))
      return false
    }
  }

  /// What a stream says is for those who listen now.
  private func beginStores() {
    guard let chain, !isStream else { return }
    for filter in chain.stores where filter.storeHead(exchange) { stores.append(filter) }
  }

  private func noteStream() {
    if !isStream { isStream = exchange.withResponse { $0.isEventStream } }
    if isStream, !hasClientClosed { exchangeDeadline = .max }
  }

  /// RFC 9112 section 6.3: what has no length is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0.
  private func chooseFraming() {
    switch exchange.response.framing {
    case .none: responseFraming = .none
    case .length(let length): responseFraming = .length(length)
    case .chunked, .untilClose:
      responseFraming = exchange.request.minorVersion > 0 ? .chunked : .untilClose
      if responseFraming == .untilClose { isPersistent = false }
    }
  }

  private func writeHead() {
    responseHasBegun = true
    exchange.outcome.status = exchange.response.status
    if !exchange.response.block.present.contains(.date) { addDate() }
    addConnectionField()
    exchange.withResponse { response in
      response.serialize(
        into: &worker.clientOutput, framing: responseFraming, suppressing: exchange.responseAdditions.names,
        extra: exchange.responseAdditions.lines)
    }
  }

  func upstreamBody(_ bytes: ByteBuffer) {
    let count = bytes.readableBytes
    // An empty chunk would end the message.
    guard count > 0, !isReplaced else { return }
    exchange.outcome.responseBytes &+= UInt64(count)
    for filter in stores { filter.storeBody(exchange, bytes) }
    if responseFraming == .chunked { HeadWriting.appendChunkHead(count, into: &worker.clientOutput) }
    if count <= worker.limits.coalesce {
      worker.clientOutput.writeImmutableBuffer(bytes)
    } else {
      write(&worker.clientOutput, bytes)
    }
    if responseFraming == .chunked { HeadWriting.writeLineEnd(into: &worker.clientOutput) }
    armStreaming()
  }

  func upstreamEnd(trailers: FieldBlock?) {
    if responseFraming == .chunked { writeLastChunk(trailers) }
    writeOutput()
    for filter in stores { filter.storeEnd(exchange, complete: true) }
    stores.removeAll(keepingCapacity: true)
    upstream = nil
  }

  func upstreamReleased() {
    guard stage == .upstream else { return }
    responseFinished()
    process()
  }

  /// Trailers are for clients that say that they take them (RFC 9110 section 6.5.1).
  private func writeLastChunk(_ trailers: FieldBlock?) {
    guard var trailers, exchange.request.acceptsTrailers else {
      worker.clientOutput.writeStaticString(HeadWriting.lastChunk)
      return
    }
    trailers.checkTrailers(against: exchange.response.block, added: exchange.responseAdditions.lines)
    HeadWriting.writeLastChunk(trailers: trailers, into: &worker.clientOutput)
  }

  func upstreamReadComplete() {
    writeOutput()
    guard !isWritable else { return }
    upstream?.setReadingPaused(true)
    guard stage == .upstream else { return }
    beginDelivery()
    armStreaming()
  }

  func upstreamDrained() { process() }

  func upstreamFailed(_ failure: UpstreamFailure) {
    let failed = upstream
    upstream = nil
    writeOutput()
    if responseHasBegun {
      if let failed { pool?.failed(failed.endpointIndex) }
      cut(failure.reply.reason)
    } else if failed.map({ tryAgain(after: failure, $0) }) != true {
      answerFailure(failure.reply)
    }
    process()
  }
}
