import GatewayKit
import HTTPWire
import NIOCore

/// Everything that one event loop owns: its clock, timers, connections, upstream pools, filters and counters.
/// Bound to its loop, so nothing in it is locked.
final class LoopWorker {
  let context: LoopContext
  var eventLoop: any EventLoop { context.eventLoop }
  private(set) var generation: Generation
  private(set) var limits: LoopLimits
  private var chains: [Chain?]
  private var filters: [(any Filter)?]
  private(set) var pools: [UpstreamPool] = []
  var counters = LoopCounters()

  var wheel: TimerWheel
  private var tickTask: RepeatedTask?
  private var clients: [ObjectIdentifier: ClientConnection] = [:]
  private(set) var isDraining = false
  private var drained: EventLoopPromise<Void>?

  /// Where messages to clients are rendered. Whoever writes into it flushes it before anything else of the loop runs.
  var clientOutput = ByteBuffer()
  /// Where messages to origins are rendered; the same rule.
  var upstreamOutput = ByteBuffer()
  /// For small things rendered and copied at once.
  var scratch = ByteBuffer()
  private var date = DateLine()

  init(context: LoopContext, generation: Generation) {
    self.context = context
    self.generation = generation
    self.limits = LoopLimits(generation.configuration)
    self.chains = Array(repeating: nil, count: generation.chains.count)
    self.filters = Array(repeating: nil, count: generation.plugins.count)
    self.wheel = TimerWheel(tick: 50_000_000, slots: 128, now: context.now)
    self.pools = generation.configuration.upstreams.map { UpstreamPool($0, worker: self) }
  }

  /// Begins to turn the timers.
  func start() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    tickTask = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { _ in
      bound.value.tick()
    }
  }

  private func tick() {
    context.refresh()
    // What one timer sets off may move or disarm another of the same turn.
    for timer in wheel.advance(to: context.now) where !timer.isArmed && timer.deadline <= context.now {
      timer.target?.timerFired()
    }
    if isDraining, clients.isEmpty { finishDrain() }
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

  /// Writes the Date field of now (RFC 9110 section 6.6.1).
  func writeDate(into buffer: inout ByteBuffer) { date.write(into: &buffer, wall: context.wall) }
}

// MARK: - Connections

extension LoopWorker {
  func opened(_ client: ClientConnection) {
    clients[ObjectIdentifier(client)] = client
    counters.connectionsAccepted &+= 1
    counters.connectionsOpen &+= 1
  }

  func closed(_ client: ClientConnection) {
    if clients.removeValue(forKey: ObjectIdentifier(client)) != nil { counters.connectionsOpen &-= 1 }
    if isDraining, clients.isEmpty { finishDrain() }
  }

  /// Lets running exchanges finish and closes idle connections; the promise is kept when no client is left.
  func drain(_ promise: EventLoopPromise<Void>) {
    isDraining = true
    drained = promise
    for client in Array(clients.values) { client.drain() }
    if clients.isEmpty { finishDrain() }
  }

  /// Cuts what is left.
  func cut() {
    for client in Array(clients.values) { client.cut() }
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
