import GatewayKit
import HTTPWire
import NIOCore

/// The exchange that an upstream connection carries, seen from the connection.
protocol UpstreamExchange: AnyObject {
  var requestMethod: Method { get }
  /// An interim response (1xx).
  func upstreamInterim(_ head: inout ResponseHead)
  /// The final response's head.
  func upstreamHead(_ head: inout ResponseHead)
  func upstreamBody(_ bytes: ByteBuffer)
  /// The response is complete: what is left of it is written now.
  func upstreamEnd(trailers: FieldBlock?)
  /// Whether the origin may switch to the WebSocket protocol.
  var wantsTunnel: Bool { get }
  /// It has.
  func upstreamSwitched(_ head: inout ResponseHead)
  /// Bytes of the tunnel; they are taken out of the buffer.
  func upstreamPassed(_ bytes: inout ByteBuffer)
  /// The origin has closed its side of the tunnel.
  func upstreamTunnelEnded()
  /// The connection rests in its pool again, or is closed; the next exchange may begin.
  func upstreamReleased()
  /// The response is not, and will not be, complete.
  func upstreamFailed(_ failure: UpstreamFailure)
  /// Everything that one read brought has been handed over.
  func upstreamReadComplete()
  /// The request's content may go on.
  func upstreamDrained()
}

/// What an exchange that wants no tunnel is never told.
extension UpstreamExchange {
  var wantsTunnel: Bool { false }
  func upstreamSwitched(_ head: inout ResponseHead) {}
  func upstreamPassed(_ bytes: inout ByteBuffer) {}
  func upstreamTunnelEnded() {}
}
