import NIOCore
import NIOTLS

/// The end of the pipeline: hands what the TLS handler says to the channel.
final class PlaintextHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  // The channel's pipeline owns this handler, and is emptied before the channel goes.
  private unowned let channel: TLSChannel

  init(_ channel: TLSChannel) { self.channel = channel }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    channel.received(unwrapInboundIn(data))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as TLSUserEvent:
      if case .handshakeCompleted(let negotiated) = event { channel.handshakeCompleted(negotiated) }
    case let event as ChannelEvent:
      if event == .inputClosed { channel.receivedEnd() }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    channel.caught(error)
  }
}
