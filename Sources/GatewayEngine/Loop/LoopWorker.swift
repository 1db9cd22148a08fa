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
  private let logger: Logger
  private(set) var generation: Generation
  @exclusivity(unchecked) private(set) var limits: LoopLimits
  @exclusivity(unchecked) private var chains: [Chain?]
  @exclusivity(unchecked) private var filters: [(any Filter)?]
  @exclusivity(unchecked) private(set) var pools: [UpstreamPool] = []
  @exclusivity(unchecked) var counters = LoopCounters()

  @exclusivity(unchecked) var wheel: TimerWheel
  private var tickTask: RepeatedTask?
  private(set) var isDraining = false
  private var drained: EventLoopPromise<Void>?

  /// Exchanges that became tunnels and go on.
  var tunnels = 0

  /// Where messages to clients are rendered. Whoever writes into it flushes it before anything else of the loop runs.
  @exclusivity(unchecked) var clientOutput = ByteBuffer()
  /// Where messages to origins are rendered; the same rule.
  @exclusivity(unchecked) var upstreamOutput = ByteBuffer()
  /// For small things rendered and copied at once.
  @exclusivity(unchecked) var scratch = ByteBuffer()
  @exclusivity(unchecked) private var date = DateLine()

  /// - Parameter loops: how many loops there are.
  init(loop: PollLoop, context: LoopContext, generation: Generation, loops: Int, logger: Logger) {
    self.loop = loop
    self.context = context
    self.logger = logger
    self.generation = generation
    self.limits = LoopLimits(generation.configuration, loops: loops)
    self.chains = Array(repeating: nil, count: generation.chains.count)
    self.filters = Array(repeating: nil, count: generation.plugins.count)
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
  }

  /// The filters of a chain on this loop, made at its first use.
  func chain(_ index: Int) -> Chain {
    if let chain = chains[index] { return chain }
    let chain = Chain(generation.chains[index].map(filter))
    chains[index] = chain
    return chain
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

  func closed() {
    counters.connectionsOpen &-= 1
    if isDraining, counters.connectionsOpen == 0 { finishDrain() }
  }

  private var clients: [ClientConnection] { loop.poller.targets.compactMap { $0 as? ClientConnection } }

  /// An endpoint can be reached here from now on.
  func resolved(_ upstream: Int, _ endpoint: Int, _ addresses: [SocketAddress]) {
    // After the end there are no pools.
    if upstream < pools.count { pools[upstream].resolved(endpoint, addresses) }
  }

  /// Lets running exchanges finish and closes idle connections; the promise is kept when no client is left.
  func drain(_ promise: EventLoopPromise<Void>) {
    isDraining = true
    drained = promise
    for client in clients { client.drain() }
    if counters.connectionsOpen == 0 { finishDrain() }
  }

  /// Cuts what is left.
  func cut() {
    for client in clients { client.close() }
  }

  /// Ends timers and idle upstream connections; the worker is of no use after this.
  func stop() {
    tickTask?.cancel()
    for pool in pools { pool.close() }
    pools = []
  }

  private func finishDrain() {
    drained?.succeed(())
    drained = nil
  }
}
