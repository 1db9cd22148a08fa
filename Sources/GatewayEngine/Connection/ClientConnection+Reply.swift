import GatewayKit
import HTTPWire
import NIOCore

// The gateway's own answers, and what every answer's head has in common.
extension ClientConnection {
  /// Answers instead of the origin.
  func answer(_ reply: Reply) {
    exchange.cancelSuspension()
    exchange.replyInProgress = reply
    exchange.outcome.reason = reply.reason
    exchange.outcome.status = reply.status
    if let chain {
      for filter in chain.responses { filter.response(exchange) }
    }
    decidePersistence()
    responseHasBegun = true
    render(reply)
    writeOutput()
    responseFinished()
  }

  func render(_ reply: Reply) {
    let body = content(of: reply)
    if !reply.hasDate { addDate() }
    addConnectionField()
    HeadWriting.writeStatusLine(reply.status, into: &worker.clientOutput)
    worker.clientOutput.writeImmutableBuffer(reply.fields)
    if case .error = reply.content {
      worker.clientOutput.writeStaticString("Content-Type: application/json\r\nCache-Control: no-store\r\n")
    }
    let hasContent = reply.status != 204 && reply.status != 304
    if hasContent {
      HeadWriting.writeField(.contentLength, decimal: UInt64(body.readableBytes), into: &worker.clientOutput)
    }
    worker.clientOutput.writeImmutableBuffer(exchange.responseAdditions.lines)
    HeadWriting.writeLineEnd(into: &worker.clientOutput)
    guard hasContent, exchange.request.method != .head else { return }
    exchange.outcome.responseBytes = UInt64(body.readableBytes)
    if body.readableBytes <= worker.limits.coalesce {
      worker.clientOutput.writeImmutableBuffer(body)
    } else {
      write(&worker.clientOutput, body)
    }
  }

  private func content(of reply: Reply) -> ByteBuffer {
    switch reply.content {
    case .bytes(let bytes): bytes
    case .error(let type, let message):
      ErrorBody.render(type: type, message: message, reason: reply.reason, requestID: exchange.requestID)
    }
  }

  func addDate() {
    worker.scratch.clear()
    worker.writeDate(into: &worker.scratch)
    exchange.responseAdditions.add(rendered: worker.scratch)
  }

  /// Says whether the connection goes on, where the version's default does not (RFC 9112 section 9.3).
  func addConnectionField() {
    if !isPersistent {
      exchange.responseAdditions.add(rendered: Self.connectionClose)
    } else if exchange.request.minorVersion == 0 {
      exchange.responseAdditions.add(rendered: Self.connectionKeepAlive)
    }
  }

  private static let connectionClose = ByteBuffer(string: "Connection: close\r\n")
  private static let connectionKeepAlive = ByteBuffer(string: "Connection: keep-alive\r\n")

  /// Decides, before the head is written, whether the connection can go on: what is left of the request's content must
  /// be little enough to read and drop, and the client must really be sending it.
  func decidePersistence() {
    if worker.isDraining { isPersistent = false }
    guard isPersistent, !contentIsRead else { return }
    if exchange.request.expectsContinue { isPersistent = false }
    if let left = content.remaining, left > worker.limits.drainBody { isPersistent = false }
  }

  /// Sends what is rendered, all of it in one call.
  func writeOutput() {
    if worker.clientOutput.readableBytes > 0 { write(&worker.clientOutput) }
  }
}
