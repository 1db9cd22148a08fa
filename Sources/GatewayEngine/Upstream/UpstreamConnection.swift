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
  func upstreamEnd()
  /// The connection rests in its pool again, or is closed; the next exchange may begin.
  func upstreamReleased()
  /// The response is not, and will not be, complete.
  func upstreamFailed(_ failure: UpstreamFailure)
  /// Everything that one read brought has been handed over.
  func upstreamReadComplete()
  /// The request's content may go on, or has to stop.
  func upstreamWritabilityChanged()
}

/// One connection to an origin: carries one exchange at a time and rests in its pool between two.
final class UpstreamConnection: ChannelInboundHandler, ChannelOutboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Stage {
    /// Made, but not yet its pool's: of several that race to one endpoint only the winner is.
    case fresh
    case resting
    case taken
    case awaitingHead
    case body
    case closed
  }

  let endpoint: Endpoint
  let endpointIndex: Int
  /// `host:port`, for the log.
  let endpointName: String
  /// The value of the Host field: the port is left out when it is the scheme's own (RFC 9110 section 7.2).
  let hostField: ByteBuffer
  /// What stands before every path at this endpoint.
  let basePath: ByteBuffer
  /// How many exchanges it has carried before the current one.
  private(set) var carried = 0

  private let pool: UpstreamPool
  private var stage = Stage.fresh
  private var context: ChannelHandlerContext?
  private var exchange: (any UpstreamExchange)?
  private var parser: ResponseHeadParser
  private var head = ResponseHead()
  private var body: BodyReader
  private var input = ByteBuffer()
  private var interim = 0
  /// Whether any byte of the current response has arrived.
  private(set) var hasAnswered = false
  private var isPaused = false
  private var wantsRead = false
  private var requestIsSent = false
  /// Whether the origin keeps the connection after the current response, and said how that ends.
  private var keepsConnection = false
  /// Whether the transport failed: what came before may be less than was sent.
  private var hasFailed = false
  private let timer = Timer()

  init(endpoint index: Int, pool: UpstreamPool) {
    self.pool = pool
    self.endpointIndex = index
    self.endpoint = pool.configuration.endpoints[index]
    self.endpointName = "\(endpoint.urlHost):\(endpoint.port)"
    let isDefaultPort = endpoint.port == (endpoint.isTLS ? 443 : 80)
    self.hostField = ByteBuffer(string: isDefaultPort ? endpoint.urlHost : endpointName)
    self.basePath = ByteBuffer(string: endpoint.basePath)
    self.parser = ResponseHeadParser(limits: pool.worker.limits.responseWire)
    self.body = BodyReader(.none, limits: pool.worker.limits.responseWire)
  }

  var isWritable: Bool { context?.channel.isWritable ?? false }
}

// MARK: - The pool's side

extension UpstreamConnection {
  /// Makes the connection its pool's; false when it is closed already. From here on the pool is told when it is gone.
  func adopt() -> Bool {
    guard stage == .fresh, context != nil else { return false }
    stage = .taken
    return true
  }

  /// Takes the connection for an exchange; false when it is closed.
  func take() -> Bool {
    guard stage == .resting || stage == .taken, context != nil else { return false }
    pool.worker.wheel.cancel(timer)
    stage = .taken
    return true
  }

  /// Waits for its next exchange, at most until the deadline.
  func rest(until deadline: Int64) {
    stage = .resting
    pool.worker.wheel.arm(timer, deadline: deadline)
  }

  /// Closes; over TLS that takes a while, in which nobody may get the connection and nothing it still brings counts.
  func close() {
    if stage != .fresh { stage = .closed }
    input.clear()
    pool.worker.wheel.cancel(timer)
    pool.forget(self)
    context?.close(promise: nil)
  }
}

// MARK: - The exchange's side

extension UpstreamConnection {
  /// Begins an exchange: the head of its request is written with the first flush.
  func begin(_ exchange: any UpstreamExchange, head: ByteBuffer) {
    self.exchange = exchange
    stage = .awaitingHead
    hasAnswered = false
    requestIsSent = false
    interim = 0
    parser.reset()
    write(head)
  }

  func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

  func flush() { context?.flush() }

  /// A piece of chunked content (RFC 9112 section 7.1).
  func writeChunk(_ bytes: ByteBuffer, using output: inout ByteBuffer) {
    output.clear()
    HeadWriting.appendChunkHead(bytes.readableBytes, into: &output)
    write(output)
    write(bytes)
    write(Self.lineEnd)
  }

  func writeLastChunk(using output: inout ByteBuffer) {
    output.clear()
    output.writeStaticString(HeadWriting.lastChunk)
    write(output)
  }

  private static let lineEnd = ByteBuffer(string: "\r\n")

  /// The whole request has been written.
  func requestSent() { requestIsSent = true }

  /// The exchange has no more use for the connection before the response is complete.
  func abandon() {
    exchange = nil
    close()
  }

  /// Stops or goes on reading the response.
  func setPaused(_ paused: Bool) {
    guard paused != isPaused else { return }
    isPaused = paused
    if !paused, wantsRead {
      wantsRead = false
      context?.read()
    }
  }
}

// MARK: - Input

extension UpstreamConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    timer.target = self
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    timer.target = nil
  }

  func read(context: ChannelHandlerContext) {
    if isPaused { wantsRead = true } else { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    pool.worker.context.refresh()
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.discardReadBytes()
      input.writeBuffer(&bytes)
    }
    consume()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    exchange?.upstreamWritabilityChanged()
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    hasFailed = true
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let ended = stage
    pool.worker.context.refresh()
    pool.worker.wheel.cancel(timer)
    stage = .closed
    self.context = nil
    endOfInput(ended)
    // One that lost the race to its endpoint was never the pool's.
    if ended != .fresh { pool.closed(self) }
    context.fireChannelInactive()
  }

  private func consume() {
    do {
      while try step() {}
    } catch {
      fail(.responseInvalid(ReasonCode(error.reason)))
    }
    if input.readableBytes == 0 { input = Self.empty }
    exchange?.upstreamReadComplete()
  }

  private static let empty = ByteBuffer()

  /// Handles one piece of input; false when there is nothing more to do with what is here.
  private func step() throws(WireError) -> Bool {
    switch stage {
    case .awaitingHead:
      hasAnswered = hasAnswered || input.readableBytes > 0
      guard let exchange, try parser.parse(&input, into: &head, requestMethod: exchange.requestMethod) else {
        return false
      }
      return received(exchange)
    case .body:
      switch try body.next(&input) {
      case .needMore: return false
      case .bytes(let bytes): exchange?.upstreamBody(bytes)
      case .end: finish()
      }
      return stage == .body
    case .resting, .taken:
      // Nobody asked: no byte of it may be taken for the next exchange's response.
      close()
      return false
    case .fresh, .closed:
      input.clear()
      return false
    }
  }

  /// A head is complete.
  private func received(_ exchange: any UpstreamExchange) -> Bool {
    if head.status < 200 {
      interim += 1
      if head.status == 101 || interim > pool.worker.limits.interim {
        fail(.responseInvalid("response_interim_invalid"))
        return false
      }
      exchange.upstreamInterim(&head)
      head.reset()
      parser.reset()
      return true
    }
    stage = .body
    keepsConnection = head.keepAlive && head.framing != .untilClose
    body = BodyReader(head.framing, limits: pool.worker.limits.responseWire)
    exchange.upstreamHead(&head)
    return stage == .body
  }
}

// MARK: - Ends

extension UpstreamConnection: TimerTarget {
  /// The response is complete: the connection rests, or closes when another could be taken for part of this one.
  private func finish() {
    let isReusable = keepsConnection && requestIsSent && input.readableBytes == 0
    let finished = exchange
    exchange = nil
    carried += 1
    head.reset()
    stage = .taken
    if isPaused { setPaused(false) }
    finished?.upstreamEnd()
    // What was written for the client may have shown that the client is gone, and the exchange abandoned.
    if isReusable, stage == .taken { pool.release(self) } else { close() }
    finished?.upstreamReleased()
  }

  private func endOfInput(_ ended: Stage) {
    switch ended {
    case .awaitingHead: fail(.closedBeforeResponse)
    case .body:
      if hasFailed { return fail(.truncated) }
      do {
        try body.endOfInput()
        let finished = exchange
        exchange = nil
        finished?.upstreamEnd()
        finished?.upstreamReleased()
      } catch {
        fail(.truncated)
      }
    case .fresh, .resting, .taken, .closed: break
    }
  }

  private func fail(_ failure: UpstreamFailure) {
    let failed = exchange
    exchange = nil
    close()
    failed?.upstreamFailed(failure)
  }

  /// A resting connection has rested long enough.
  func timerFired() { if stage == .resting { close() } }
}
