import GatewayKit
import HTTPWire
import NIOCore

/// One client's HTTP/1.1 connection: reads requests one after the other, has them judged, sends them on and writes the
/// answers. It drives the parser, the chain of filters and the upstream connection; all of them are values or live on the
/// same loop, so nothing here is locked and nothing hops.
final class ClientConnection: ChannelInboundHandler, ChannelOutboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Where the connection is in its work.
  enum Stage {
    /// Between two requests, or in the middle of a head.
    case head
    /// The filters of the chain have the exchange.
    case judging
    /// The exchange waits for an upstream connection.
    case acquiring
    /// Request and response stream.
    case upstream
    /// The answer is out; the rest of the request's content is read and dropped, so that the connection can be kept.
    case draining
    /// The answer is out and our side closed; what still comes is dropped, so that the client can read the answer.
    case lingering
    case closed
  }

  let worker: LoopWorker
  let exchange: Exchange
  /// Fields that every request of this connection carries to the origin.
  let forwarding: ByteBuffer
  let domainSources: [DomainSource]
  var context: ChannelHandlerContext?

  var stage = Stage.head
  var input = ByteBuffer()
  var parser: RequestHeadParser
  /// Reads the content of the current request.
  var content: BodyReader
  var contentIsRead = true
  /// Bytes dropped while draining or lingering.
  var dropped: UInt64 = 0

  var chain: Chain?
  var cursor = 0
  var askedAgain = 0
  var plan: RoutePlan?
  /// Whether `losantdomain` named the domain.
  var domainWasNamed = false
  var upstream: UpstreamConnection?
  /// The wish for a connection, while it waits.
  var wish: UpstreamWish?
  /// How much was left to be written when the client was last looked at for being slow.
  var unwritten = Int.max

  /// Whether the connection goes on after the current exchange.
  var isPersistent = true
  /// The framing of the response towards the client.
  var responseFraming = Framing.none
  var responseHasBegun = false
  /// The filters that keep the body of this response.
  var stores: ContiguousArray<any CacheStoreFilter> = []

  private var isProcessing = false
  var needsFlush = false
  private var wantsRead = false
  let timer = Timer()

  init(worker: LoopWorker, peerAddress: String, isSecure: Bool, domainSources: [DomainSource]) {
    self.worker = worker
    self.exchange = Exchange(loop: worker.context, peerAddress: peerAddress, isSecure: isSecure)
    self.forwarding = ForwardingFields.lines(peerAddress: peerAddress, isSecure: isSecure)
    self.domainSources = domainSources
    self.parser = RequestHeadParser(limits: worker.limits.wire)
    self.content = BodyReader(.none, limits: worker.limits.wire)
  }

  /// Works until nothing more can be done with what is here.
  func process() {
    if isProcessing { return }
    isProcessing = true
    while advance() {}
    isProcessing = false
    if input.readableBytes == 0 { input = Self.empty }
    flushIfNeeded()
    readIfWanted()
  }

  private static let empty = ByteBuffer()

  private func advance() -> Bool {
    switch stage {
    case .head: isWritable && readHead()
    case .upstream: sendContent()
    case .draining: drainContent()
    case .lingering: dropInput()
    case .judging, .acquiring, .closed: false
    }
  }

  func flushIfNeeded() {
    if needsFlush {
      needsFlush = false
      context?.flush()
    }
  }

  /// Whether the client takes what is written. While it does not, no further request is read: answers would pile up.
  var isWritable: Bool { context?.channel.isWritable ?? false }

  func arm(_ nanoseconds: Int64) {
    worker.wheel.arm(timer, deadline: worker.context.now &+ nanoseconds)
  }
}

// MARK: - Channel

extension ClientConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    exchange.driver = self
    timer.target = self
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    exchange.driver = nil
    timer.target = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    worker.context.refresh()
    // Accepted when the drain had begun: nobody would wait for it.
    guard !worker.isDraining else {
      stage = .closed
      return context.close(promise: nil)
    }
    worker.opened(self)
    arm(worker.limits.requestHead)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    worker.context.refresh()
    if input.readableBytes == 0 {
      input = bytes
    } else {
      // What was consumed is let go of, or a client that never ends a read with a request would keep all it sent.
      input.discardReadBytes()
      input.writeBuffer(&bytes)
    }
    process()
  }

  func channelInactive(context: ChannelHandlerContext) {
    worker.context.refresh()
    worker.wheel.cancel(timer)
    clientGone()
    worker.closed(self)
    context.fireChannelInactive()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    upstream?.setPaused(!context.channel.isWritable)
    if context.channel.isWritable { process() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func read(context: ChannelHandlerContext) {
    if mustHoldReads { wantsRead = true } else { context.read() }
  }

  /// Input is bounded: nothing is read while the origin does not take the content, or while enough lies here unparsed.
  private var mustHoldReads: Bool {
    if input.readableBytes >= worker.limits.pipelined { return true }
    if stage == .head { return !isWritable }
    guard stage == .upstream, !contentIsRead, let upstream else { return false }
    return !upstream.isWritable
  }

  func readIfWanted() {
    if wantsRead, !mustHoldReads {
      wantsRead = false
      context?.read()
    }
  }
}
