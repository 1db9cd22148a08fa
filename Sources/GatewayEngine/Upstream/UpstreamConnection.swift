import GatewayKit
import HTTPWire
import Logging
import NIOCore

/// One connection to an origin: carries one exchange at a time and rests in its pool between two.
final class UpstreamConnection: StreamSocket {
  private enum Stage {
    /// Being connected; not its pool's yet.
    case connecting
    case resting
    case taken
    case awaitingHead
    case body
    case tunnel
    /// Nobody's any more; what was written is still being sent.
    case leaving
    case closed
  }

  let endpoint: Endpoint
  let endpointIndex: Int
  let address: SocketAddress
  /// Up to which change of its endpoint's addresses it is known to be one of them; -1 when it has not been looked at.
  var addressChange = -1
  /// When it was begun, monotonic nanoseconds.
  let made: Int64
  /// Whether its pool counts it as in flight, and it holds a slot of its domain.
  var isCounted = false
  /// The number of the domain that it was last used for.
  var domain = 0
  /// Whether it is for a check of its endpoint's health, and no connection of the pool's.
  var isCheck = false
  /// `host:port`, for the log.
  let endpointName: String
  /// The value of the Host field: the port is left out when it is the scheme's own (RFC 9110 section 7.2).
  let hostField: ByteBuffer
  /// What stands before every path at this endpoint.
  let basePath: ByteBuffer
  /// How many exchanges it has carried before the current one.
  private(set) var carried = 0

  private let pool: UpstreamPool
  private var stage = Stage.connecting
  /// Who waits for the connection to be made.
  private var attempt: ConnectAttempt?
  private var exchange: (any UpstreamExchange)?
  @exclusivity(unchecked) private var parser: ResponseHeadParser
  @exclusivity(unchecked) private var head = ResponseHead()
  @exclusivity(unchecked) private var body: BodyReader
  private var interim = 0
  /// Whether any byte of the current response has arrived.
  private(set) var hasAnswered = false
  private var requestIsSent = false
  /// Whether the peer, or somebody in between, broke TLS.
  private var hasTLSFailed = false
  /// Whether the origin keeps the connection after the current response, and said how that ends.
  private var keepsConnection = false
  /// Whether the current response has no content whatever its fields say: to HEAD, a 204 or a 304. Origins that send some
  /// all the same are not rare.
  private var hasNoContent = false
  private let timer = Timer()

  init(
    endpoint index: Int, at address: SocketAddress, pool: UpstreamPool, descriptor: CInt, attempt: ConnectAttempt
  ) {
    self.attempt = attempt
    self.address = address
    self.made = pool.worker.context.now
    self.pool = pool
    self.endpointIndex = index
    self.endpoint = pool.configuration.endpoints[index]
    self.endpointName = "\(endpoint.urlHost):\(endpoint.port)"
    let isDefaultPort = endpoint.port == (endpoint.isTLS ? 443 : 80)
    self.hostField = ByteBuffer(string: isDefaultPort ? endpoint.urlHost : endpointName)
    self.basePath = ByteBuffer(string: endpoint.basePath)
    self.parser = ResponseHeadParser(limits: pool.worker.limits.responseWire)
    self.body = BodyReader(.none, limits: pool.worker.limits.responseWire)
    super.init(loop: pool.worker.loop, descriptor: descriptor, outputBound: pool.worker.limits.requestBuffer)
    timer.target = self
  }

  // MARK: Socket

  override func connected(_ error: CInt) {
    guard error == 0 else {
      logFailure(SystemError(code: error, call: "connect"))
      return refused(.connectFailed)
    }
    guard endpoint.isTLS else { return connectionMade() }
    do {
      guard let material = pool.plan.tls?.current else { return refused(.tlsFailed) }
      let host = pool.configuration.tls.serverName ?? endpoint.host
      secure(try material.makeChannel(eventLoop: loop, host: host, delegate: self))
    } catch {
      tlsBroke(error)
      refused(.tlsFailed)
    }
  }

  override func secured(serverName: String?) { connectionMade() }

  override func tlsBroke(_ failure: TLSFailure) {
    // Many origins end a connection that rests without a word, for which nobody is to blame.
    if stage == .resting { return }
    hasTLSFailed = failure.kind != .truncated
    guard pool.plan.failureLogs[endpointIndex].passes(now: pool.worker.context.now) else { return }
    pool.worker.log(
      .warning, "a TLS connection to an origin failed",
      ["upstream": pool.configuration.name, "endpoint": endpointName, "reason": "\(failure)"])
  }

  private func logFailure(_ error: SystemError) {
    guard pool.plan.failureLogs[endpointIndex].passes(now: pool.worker.context.now) else { return }
    pool.worker.log(
      .warning, "a connection to an origin failed",
      ["upstream": pool.configuration.name, "endpoint": endpointName, "reason": error.text])
  }

  private func connectionMade() {
    stage = .taken
    attempt.take()?.made(self)
  }

  private func refused(_ failure: UpstreamFailure) { attempt.take()?.refused(self, failure) }

  override func inputReceived() {
    do {
      while try step() {}
    } catch {
      fail(.responseInvalid(ReasonCode(error.reason)))
    }
    exchange?.upstreamReadComplete()
  }

  override func inputEnded(_ end: InputEnd) {
    if attempt != nil { return refused(endpoint.isTLS ? .tlsFailed : .connectFailed) }
    if !endResponse(end) { self.end() }
  }

  override func outputDrained() { exchange?.upstreamDrained() }

  override func closed() {
    refused(.connectFailed)
    pool.worker.wheel.cancel(timer)
    timer.target = nil
    if stage != .connecting { pool.closed(self) }
    stage = .closed
  }
}

// MARK: - The pool's side

extension UpstreamConnection {
  /// Takes the connection for an exchange; false when it is closed.
  func take() -> Bool {
    guard isOpen, stage == .resting || stage == .taken else { return false }
    // The timer stays where it is: it means nothing while the connection is taken.
    stage = .taken
    return true
  }

  /// Waits for its next exchange, at most until the deadline.
  func rest(until deadline: Int64) {
    stage = .resting
    setReadingPaused(false)
    pool.worker.wheel.arm(timer, deadline: deadline)
  }

  /// Gives up on a connection that is not made.
  func discard() {
    attempt = nil
    close()
  }

  /// Closes; nobody may get the connection any more.
  func end() {
    if stage != .connecting { pool.forget(self) }
    close()
  }
}

// MARK: - The exchange's side

extension UpstreamConnection {
  /// Begins an exchange; whoever begins it writes the request.
  func begin(_ exchange: any UpstreamExchange) {
    self.exchange = exchange
    stage = .awaitingHead
    hasAnswered = false
    requestIsSent = false
    interim = 0
    parser.reset()
  }

  /// Whether all that is still to come of the response was received already, so that reading it takes no time.
  var hasRestOfResponse: Bool {
    guard stage == .body else { return false }
    var (reader, rest) = (body, input)
    while let event = try? reader.next(&rest) {
      switch event {
      case .needMore: return false
      case .bytes: continue
      case .end: return true
      }
    }
    return false
  }

  /// The whole request has been written.
  func requestSent() { requestIsSent = true }

  /// The exchange has no more use for the connection before the response is complete.
  func abandon() {
    exchange = nil
    end()
  }

  /// The same, once what was written is sent; it keeps its slot until then.
  func abandonWhenWritten() {
    exchange = nil
    stage = .leaving
    setReadingPaused(false)
    pool.worker.wheel.arm(timer, deadline: pool.worker.context.now &+ pool.headTimeout)
    closeWhenWritten()
  }
}

// MARK: - Input

extension UpstreamConnection {
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
      end()
      return false
    case .tunnel:
      exchange?.upstreamPassed(&input)
      return false
    case .connecting, .leaving, .closed:
      input.clear()
      return false
    }
  }

  /// A head is complete.
  private func received(_ exchange: any UpstreamExchange) -> Bool {
    if head.status == 101, exchange.wantsTunnel, head.switchesToWebSocket {
      stage = .tunnel
      exchange.upstreamSwitched(&head)
      return stage == .tunnel && input.readableBytes > 0
    }
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
    hasNoContent = head.framing == .none
    body.begin(head.framing, limits: pool.worker.limits.responseWire)
    exchange.upstreamHead(&head)
    return stage == .body
  }
}

// MARK: - Ends

extension UpstreamConnection: TimerTarget {
  /// The response is complete: the connection rests, or closes when another could be taken for part of this one.
  private func finish() {
    let isReusable = keepsConnection && requestIsSent && isAtRest(looks: hasNoContent)
    let finished = exchange.take()
    carried += 1
    head.reset()
    stage = .taken
    finished?.upstreamEnd(trailers: body.trailers)
    if isReusable { pool.release(self) } else { end() }
    finished?.upstreamReleased()
  }

  /// True when the end of the input is, or breaks, the response.
  private func endResponse(_ end: InputEnd) -> Bool {
    switch stage {
    // An origin that does not like the gateway's certificate says so after the handshake (RFC 8446 section 4.4.2.4).
    case .awaitingHead: fail(hasTLSFailed ? .tlsFailed : .closedBeforeResponse)
    case .body:
      guard case .closed = end, (try? body.endOfInput()) != nil else {
        fail(.truncated)
        return true
      }
      keepsConnection = false
      finish()
    case .tunnel:
      let ended = exchange.take()
      self.end()
      ended?.upstreamTunnelEnded()
    case .connecting, .resting, .taken, .leaving, .closed: return false
    }
    return true
  }

  private func fail(_ failure: UpstreamFailure) {
    let failed = exchange.take()
    end()
    failed?.upstreamFailed(failure)
  }

  /// A resting connection has rested long enough.
  func timerFired() { if stage == .resting || stage == .leaving { end() } }
}
