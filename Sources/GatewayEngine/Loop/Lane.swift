import GatewayKit
import Logging
import NIOCore

/// One event loop with what runs on it, as the rest of the program sees it.
struct Lane: Sendable {
  private let loop: PollLoop
  private let bound: NIOLoopBound<Contents>

  /// What only the loop's thread may touch.
  private final class Contents {
    let worker: LoopWorker
    var listeners: [Listener] = []

    init(_ worker: LoopWorker) { self.worker = worker }
  }

  static func start(
    _ index: Int, _ generation: Generation, entrance: Entrance, clock: any GatewayClock, logger: Logger
  ) async throws -> Lane {
    let loop = try PollLoop.start(name: "gatehouse-\(index)")
    let bound = try await loop.submit {
      let context = LoopContext(eventLoop: loop, index: index, clock: clock, random: SystemRandomNumberGenerator())
      let worker = LoopWorker(
        loop: loop, context: context, generation: generation, entrance: entrance, logger: logger)
      worker.start()
      return NIOLoopBound(Contents(worker), eventLoop: loop)
    }.get()
    return Lane(loop: loop, bound: bound)
  }

  /// Tells the pools where endpoints can be reached, from now on.
  func follow(_ resolver: NameResolver, _ generation: Generation) {
    for (upstream, plan) in generation.upstreams.enumerated() {
      let interval = plan.configuration.resolveInterval
      for (index, endpoint) in plan.configuration.endpoints.enumerated() {
        resolver.subscribe(host: endpoint.host, port: endpoint.port, interval: interval) { [loop, bound] addresses in
          loop.execute { bound.value.worker.resolved(upstream, index, addresses) }
        }
      }
    }
  }

  /// Checks the health of endpoints on this loop, for all.
  func startChecks(_ tell: @escaping HealthChecker.Listener) {
    loop.execute { [bound] in bound.value.worker.startChecks(tell) }
  }

  /// Tells the pool of an upstream what the checks have found.
  func checked(_ upstream: Int, _ endpoint: Int, isHealthy: Bool) {
    loop.execute { [bound] in bound.value.worker.checked(upstream, endpoint, isHealthy: isHealthy) }
  }

  /// Makes the listeners. All loops must have theirs before one begins to accept.
  func prepare(_ sockets: [ListeningSocket], _ lanes: [Lane]) async throws {
    try await loop.submit { [bound] in
      let contents = bound.value
      contents.listeners = sockets.enumerated().map { index, socket in
        Listener(index, socket, worker: contents.worker, lanes: lanes)
      }
    }.get()
  }

  /// Begins to accept connections.
  func listen() async throws {
    try await loop.submit { [bound] in
      for listener in bound.value.listeners { try listener.start() }
    }.get()
  }

  /// Takes a connection that another loop accepted and gave a place here.
  func serve(_ connection: AcceptedConnection, listener: Int) {
    loop.execute { [bound] in bound.value.listeners[listener].serve(connection) }
  }

  func stopListening() async {
    try? await loop.submit { [bound] in
      for listener in bound.value.listeners { listener.stop() }
    }.get()
  }

  /// Accepts what waits and closes the sockets. For one lane, after all have stopped listening.
  func closeListeners() async {
    try? await loop.submit { [bound] in
      for listener in bound.value.listeners { listener.close() }
    }.get()
  }

  func counters() async throws -> LoopCounters {
    try await loop.submit { [bound] in bound.value.worker.counters }.get()
  }

  /// How the upstreams do on this loop, in the order of the configuration; empty after the end.
  func pools() async throws -> [PoolFigures] {
    try await loop.submit { [bound] in bound.value.worker.pools.map(\.figures) }.get()
  }

  /// Returns when no client is left.
  func drain() async {
    let promise = loop.makePromise(of: Void.self)
    loop.execute { [bound] in bound.value.worker.drain(promise) }
    try? await promise.futureResult.get()
  }

  func cut() async { try? await loop.submit { [bound] in bound.value.worker.cut() }.get() }

  /// Ends the thread.
  func stop() async {
    await stopListening()
    try? await loop.submit { [bound] in
      bound.value.worker.stop()
      // They know the lanes, and those them.
      bound.value.listeners = []
    }.get()
    await loop.stop()
  }
}
