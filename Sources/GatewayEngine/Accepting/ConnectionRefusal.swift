import GatewayKit
import HTTPWire
import NIOCore

/// Why a connection is not taken, and what its client is told.
enum ConnectionRefusal {
  case connections
  case listener
  case address

  var reason: ReasonCode { answer.reason }

  fileprivate var answer: Answer {
    switch self {
    case .connections: Self.connectionsExceeded
    case .listener: Self.listenerConnectionsExceeded
    case .address: Self.addressConnectionsExceeded
    }
  }

  private static let connectionsExceeded = Answer(
    "connections_exceeded", "This gateway has as many connections as it takes. Try again in a moment.")
  private static let listenerConnectionsExceeded = Answer(
    "listener_connections_exceeded",
    "This address of the gateway has as many connections as it takes. Try again in a moment.")
  private static let addressConnectionsExceeded = Answer(
    "address_connections_exceeded",
    "Your address has as many connections to this gateway as it may have. Use those again, or close some.")
}

extension ConnectionRefusal {
  /// The answer but for its date. There is no request, and so no id of one.
  fileprivate struct Answer: Sendable {
    let reason: ReasonCode
    let head: ByteBuffer
    let body: ByteBuffer

    init(_ reason: ReasonCode, _ message: String) {
      self.reason = reason
      body = ErrorBody.render(type: Reply.typeName(for: 503), message: message, reason: reason, requestID: "")
      var head = ByteBuffer()
      HeadWriting.writeStatusLine(503, into: &head)
      head.writeStaticString("Content-Type: application/json\r\nCache-Control: no-store\r\nRetry-After: 1\r\n")
      HeadWriting.writeField(.contentLength, decimal: UInt64(body.readableBytes), into: &head)
      head.writeStaticString("Connection: close\r\n")
      self.head = head
    }
  }

  /// Writes the whole answer.
  func write(into buffer: inout ByteBuffer, _ worker: LoopWorker) {
    let answer = answer
    buffer.writeImmutableBuffer(answer.head)
    worker.writeDate(into: &buffer)
    HeadWriting.writeLineEnd(into: &buffer)
    buffer.writeImmutableBuffer(answer.body)
  }
}
