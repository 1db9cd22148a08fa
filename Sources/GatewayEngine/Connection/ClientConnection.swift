import GatewayKit
import HTTPWire
import NIOCore

/// One client's HTTP/1.1 connection: reads requests one after the other, has them judged, sends them on and writes the
/// answers. It drives the parser, the chain of filters and the upstream connection; all of them are values or live on the
/// same loop, so nothing here is locked and nothing hops.
final class ClientConnection: StreamSocket {
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
    /// Both sides have turned to another protocol, whose bytes pass both ways.
    case tunnel
    /// The answer is out; the rest of the request's content is read and dropped, so that the connection can be kept.
    case draining
    /// The answer is out and our side closed; what still comes is dropped, so that the client can read the answer.
    case lingering
    case closed
  }

  let worker: LoopWorker
  let exchange: Exchange
  let domainSources: DomainSources
  /// Whom the connection counts for: the peer, also where that is a proxy.
  private let client: ClientNetwork
  /// What says who the client is, where the peer is a trusted proxy.
  let trail: ClientTrail?
  private let listener: Int
  /// What the client asked for in the TLS handshake, in lower case.
  private(set) var serverName: String?

  var stage = Stage.head
  @exclusivity(unchecked) var parser: RequestHeadParser
  /// Reads the content of the current request.
  @exclusivity(unchecked) var content: BodyReader
  var contentIsRead = true
  /// Bytes dropped while draining or lingering.
  var dropped: UInt64 = 0

  var chain: Chain?
  var cursor = 0
  var askedAgain = 0
  var plan: RoutePlan?
  /// The pool of its upstream.
  var pool: UpstreamPool?
  /// The number of the domain in the generation.
  var domain = 0
  /// What `losantdomain` had to do with the domain.
  var domainField = DomainResolver.Field.absent
  var upstream: UpstreamConnection?
  @exclusivity(unchecked) var retry = RetryState()
  /// The wish for a connection, while it waits.
  var wish: UpstreamWish?

  /// How many requests the connection has carried.
  var carried = 0
  /// Until when the connection may rest between two requests.
  var idleUntil: Int64 = 0
  /// Whether the client has closed its side while its request was being answered.
  private(set) var hasClientClosed = false
  /// Until when the exchange has to end; `Int64.max` while none runs, and for streams and tunnels.
  var exchangeDeadline = Int64.max
  var contentRate: LeastRate
  /// Until when more of the content has to come.
  var contentDeadline = Int64.max
  /// Whether the client waits to be told to send its content.
  var awaitsContinue = false
  /// How the client takes the response, while it holds it up.
  var delivery = Delivery()
  /// How the origin takes the request, while it holds it up.
  var intake = Delivery()
  /// Whether the response is a stream: its pieces may be far between.
  var isStream = false
  /// Whether the exchange may become a tunnel.
  var wantsTunnel = false

  /// Whether the connection goes on after the current exchange.
  var isPersistent = true
  /// The framing of the response towards the client.
  var responseFraming = Framing.none
  var responseHasBegun = false
  /// Whether the client got an answer of the gateway's in place of the origin's, whose rest is still to be read.
  var isReplaced = false
  /// The filters that keep the body of this response.
  @exclusivity(unchecked) var stores: ContiguousArray<any CacheStoreFilter> = []

  private var isProcessing = false
  let timer = Timer()

  init(
    worker: LoopWorker, descriptor: CInt, peer: IPAddress?, listener: Int, isSecure: Bool, domainSources: DomainSources
  ) {
    self.worker = worker
    self.exchange = worker.takeExchange(peerAddress: peer?.description ?? "", isSecure: isSecure)
    self.domainSources = domainSources
    self.client = ClientNetwork(peer)
    self.trail = peer.flatMap { ClientTrail($0, worker.generation.trustedProxies) }
    self.listener = listener
    self.parser = RequestHeadParser(
      limits: worker.limits.wire, mergeSlashes: worker.limits.mergesSlashes, believesProxies: trail != nil)
    self.contentRate = LeastRate(rate: worker.limits.leastRate, grace: worker.limits.bodyGrace)
    self.content = BodyReader(.none, limits: worker.limits.wire)
    super.init(loop: worker.loop, descriptor: descriptor, outputBound: worker.limits.responseBuffer)
  }

  /// Begins to read. The connection is to be closed also when this fails: it is counted.
  func start() throws(SystemError) {
    worker.opened()
    try register()
    exchange.driver = self
    timer.target = self
    arm(worker.limits.requestHead)
  }

  /// From here on the client speaks TLS.
  func secure(_ material: ServerTLSMaterial, within limit: Duration?) {
    arm(limit?.nanoseconds ?? worker.limits.requestHead)
    secure(TLSChannel(eventLoop: loop, material: material, delegate: self))
  }

  /// Works until nothing more can be done with what is here.
  func process() {
    if isProcessing { return }
    isProcessing = true
    while advance() {}
    isProcessing = false
    setReadingPaused(!wantsInput)
  }

  private func advance() -> Bool {
    switch stage {
    case .head: isWritable && readHead()
    case .upstream: sendContent()
    case .tunnel: passInput()
    case .draining: drainContent()
    case .lingering: dropInput()
    case .judging, .acquiring, .closed: false
    }
  }

  /// Input is read only while somebody can use it: what waits for its turn waits with the system, whose bound it has.
  private var wantsInput: Bool {
    switch stage {
    // While the client does not take what is written no further request is read: answers would pile up.
    case .head: isWritable
    case .upstream: !contentIsRead && (upstream?.isWritable ?? false)
    case .tunnel: upstream?.isWritable ?? false
    case .draining, .lingering: true
    case .judging, .acquiring, .closed: false
    }
  }

  /// Wakes the connection when so much time has passed, or when the exchange has to end.
  func arm(_ nanoseconds: Int64) { arm(until: worker.context.now &+ nanoseconds) }

  /// From here on the client is watched at taking what is written for it.
  func beginDelivery() { delivery.begin(now: worker.context.now, bytes: deliveredBytes) }

  func arm(until deadline: Int64) { worker.wheel.arm(timer, deadline: min(deadline, exchangeDeadline)) }

  // MARK: Socket

  override func inputReceived() { process() }

  override func outputDrained() {
    upstream?.setReadingPaused(false)
    if stage == .upstream { armStreaming() }
    if stage == .head, !parser.isStarted { rest() }
    process()
  }

  /// The client sends no more, though the content is not complete, or there is a tunnel.
  override func inputEnded(_ end: InputEnd) {
    switch stage {
    case .judging, .acquiring, .upstream, .tunnel: close()
    case .head, .draining, .lingering, .closed:
      if case .closed = end { leave() } else { close() }
    }
  }

  override func peerClosedUnread(isGone: Bool) {
    switch stage {
    // Those who certainly want an answer come first.
    case .acquiring where wish?.isQueued ?? false: close()
    case .judging, .acquiring, .upstream: isGone ? close() : clientHasClosed()
    case .head, .tunnel, .draining, .lingering, .closed: break
    }
  }

  /// The client has closed its side. Whether it still reads cannot be known: most have left, and
  /// their requests are not to keep an origin busy, but some only say that they send no more. They have a moment.
  private func clientHasClosed() {
    guard !hasClientClosed else { return }
    hasClientClosed = true
    isPersistent = false
    exchangeDeadline = min(exchangeDeadline, worker.context.now &+ Self.parting)
    arm(until: exchangeDeadline)
  }

  /// How long a client that has closed its side is still served, in nanoseconds.
  private static let parting: Int64 = 1_000_000_000

  override func outputFailed() { close() }

  override func secured(serverName: String?) {
    self.serverName = serverName
    arm(worker.isDraining ? Self.firstRequestGrace : worker.limits.requestHead)
  }

  override func tlsBroke(_ failure: TLSFailure) {
    if failure.kind != .truncated { worker.counters.reasons["tls_failed", default: 0] &+= 1 }
  }

  override func outputClosed() { if stage == .lingering { arm(worker.limits.linger) } }

  override func closed() {
    worker.wheel.cancel(timer)
    clientGone()
    exchange.driver = nil
    timer.target = nil
    // From here on it is another connection's.
    worker.giveExchange(exchange)
    worker.closed(client, of: listener)
  }
}
