import GatewayKit
import HTTPWire
import Logging
import NIOCore
import NIOPosix

/// Everything that one event loop owns: its clock, timers, connections, upstream pools, filters and counters.
/// Bound to its loop, so nothing in it is locked.
final class LoopWorker {
  let loop: PollLoop
  let context: LoopContext
  /// What the loops share where connections are accepted.
  let entrance: Entrance
  private let logger: Logger
  let generation: Generation
  let limits: LoopLimits
  @exclusivity(unchecked) private var chains: [Chain?]
  @exclusivity(unchecked) private var filters: [(any Filter)?]
  private var combinations: [[Int]: any Filter] = [:]
  @exclusivity(unchecked) private(set) var pools: [UpstreamPool] = []
  @exclusivity(unchecked) var counters = LoopCounters()
  /// How many connections that were refused have not ended yet.
  var refusedOpen = 0

  @exclusivity(unchecked) var wheel: TimerWheel
  private var tickTask: RepeatedTask?
  /// When it is looked next whether endpoints are back.
  private var nextLook: Int64 = 0
  private static let lookInterval: Int64 = 1_000_000_000
  private var checker: HealthChecker?
  private(set) var isDraining = false
  private var drained: EventLoopPromise<Void>?

  /// What the gateway asks origins on its own account.
  @exclusivity(unchecked) var detached: DetachedExchanges

  @exclusivity(unchecked) private var spareExchanges: ContiguousArray<Exchange> = []

  /// Where messages to clients are rendered. Whoever writes into it flushes it before anything else of the loop runs.
  @exclusivity(unchecked) var clientOutput = ByteBuffer()
  /// Where messages to origins are rendered; the same rule.
  @exclusivity(unchecked) var upstreamOutput = ByteBuffer()
  /// For small things rendered and copied at once.
  @exclusivity(unchecked) var scratch = ByteBuffer()
  @exclusivity(unchecked) private var date = DateLine()

  init(loop: PollLoop, context: LoopContext, generation: Generation, entrance: Entrance, logger: Logger) {
    self.loop = loop
    self.context = context
    self.entrance = entrance
    self.logger = logger
    self.generation = generation
    self.limits = LoopLimits(generation.configuration)
    self.chains = Array(repeating: nil, count: generation.chains.count)
    self.filters = Array(repeating: nil, count: generation.plugins.count)
    self.detached = DetachedExchanges(most: limits.background, mostOfDomain: limits.backgroundPerDomain)
    self.wheel = TimerWheel(tick: 50_000_000, slots: 128, now: context.now)
    self.pools = generation.upstreams.map { UpstreamPool($0, worker: self) }
  }

  /// Begins to turn the timers.
  func start() {
    loop.observer = self
    let bound = NIOLoopBound(self, eventLoop: loop)
    tickTask = loop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { _ in
      bound.value.tick()
    }
  }

  private func tick() {
    // What one timer sets off may move or disarm another of the same turn.
    for timer in wheel.advance(to: context.now) where !timer.isArmed && timer.deadline <= context.now {
      timer.target?.timerFired()
    }
    guard context.now >= nextLook else { return }
    nextLook = context.now &+ Self.lookInterval
    for pool in pools { pool.noteReturns() }
    endRevoked()
  }

  /// Ends what goes on with a token that has been revoked since. All are asked each time: a tunnel may have begun since
  /// the list changed, and asking costs two loads.
  private func endRevoked() {
    guard generation.revocations.version > 0 else { return }
    for client in clients { client.endIfRevoked() }
  }

  /// The filters of a chain on this loop, made at its first use.
  func chain(_ index: Int) -> Chain {
    if let chain = chains[index] { return chain }
    let chain = Chain(generation.groups(of: index).map { $0.count == 1 ? filter($0[0]) : combined($0) })
    chains[index] = chain
    return chain
  }

  /// The one filter of several instances.
  private func combined(_ indices: [Int]) -> any Filter {
    if let filter = combinations[indices] { return filter }
    let filter = generation.combine(indices, on: context)
    combinations[indices] = filter
    return filter
  }

  private func filter(_ index: Int) -> any Filter {
    if let filter = filters[index] { return filter }
    let filter = generation.plugins[index].makeFilter(on: context)
    filters[index] = filter
    return filter
  }

  /// Logs an event that is no request's; off the loop, since a handler may block.
  func log(_ level: Logger.Level, _ message: Logger.Message, _ metadata: [String: String]) {
    guard logger.logLevel <= level else { return }
    let (logger, metadata) = (logger, metadata.mapValues { Logger.MetadataValue.string($0) })
    NIOThreadPool.singleton.submit { _ in logger.log(level: level, message, metadata: metadata) }
  }

  /// An exchange for a new connection, one that was used before if there is one: its buffers have the right size.
  func takeExchange(peerAddress: String, isSecure: Bool) -> Exchange {
    guard let spare = spareExchanges.popLast() else {
      return Exchange(loop: context, peerAddress: peerAddress, isSecure: isSecure)
    }
    spare.serve(peerAddress: peerAddress, isSecure: isSecure)
    return spare
  }

  /// Takes the exchange of a connection that is closed. A filter that still waits for something holds a resumption that is
  /// worth nothing any more.
  func giveExchange(_ exchange: Exchange) {
    guard spareExchanges.count < Self.mostSpareExchanges else { return }
    exchange.reset()
    spareExchanges.append(exchange)
  }

  private static let mostSpareExchanges = 64

  /// Writes the Date field of now (RFC 9110 section 6.6.1).
  func writeDate(into buffer: inout ByteBuffer) { date.write(into: &buffer, wall: context.wall) }
}

extension LoopWorker: TurnObserver {
  func turnBegan() { context.refresh() }
}

// MARK: - Connections

extension LoopWorker {
  func opened() {
    counters.connectionsAccepted &+= 1
    counters.connectionsOpen &+= 1
  }

  func closed(_ client: ClientNetwork, of listener: Int) {
    entrance.leave(client, of: listener, from: context.index)
    counters.connectionsOpen &-= 1
    finishDrain()
  }

  func refusedClosed() {
    refusedOpen -= 1
    finishDrain()
  }

  private var clients: [ClientConnection] { loop.poller.targets.compactMap { $0 as? ClientConnection } }

  /// An endpoint can be reached here from now on.
  func resolved(_ upstream: Int, _ endpoint: Int, _ addresses: [SocketAddress]) {
    pool(upstream)?.resolved(endpoint, addresses)
  }

  /// The pool of an upstream; nil after the end.
  func pool(_ upstream: Int) -> UpstreamPool? { upstream < pools.count ? pools[upstream] : nil }

  /// Asks the endpoints of all upstreams that want it how they do; what comes of it is told to all loops.
  func startChecks(_ tell: @escaping HealthChecker.Listener) {
    let checker = HealthChecker(self, tell: tell)
    self.checker = checker
    checker.start()
  }

  /// The checks have found an endpoint healthy, or not.
  func checked(_ upstream: Int, _ endpoint: Int, isHealthy: Bool) {
    pool(upstream)?.checked(endpoint, isHealthy: isHealthy)
  }

  /// Lets running exchanges finish and closes idle connections; the promise is kept when no client is left.
  func drain(_ promise: EventLoopPromise<Void>) {
    isDraining = true
    drained = promise
    for client in clients { client.drain() }
    finishDrain()
  }

  /// Cuts what is left.
  func cut() {
    for client in clients { client.close() }
  }

  /// Ends timers, checks and idle upstream connections; the worker is of no use after this.
  func stop() {
    tickTask?.cancel()
    checker?.stop()
    checker = nil
    for exchange in detached.all { exchange.cancel("gateway_ended") }
    for pool in pools { pool.close() }
    pools = []
  }

  private func finishDrain() {
    guard isDraining, counters.connectionsOpen == 0, refusedOpen == 0 else { return }
    drained?.succeed(())
    drained = nil
  }
}
