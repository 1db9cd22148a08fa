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
    _ index: Int, of loops: Int, _ generation: Generation, clock: any GatewayClock, logger: Logger
  ) async throws -> Lane {
    let loop = try PollLoop.start(name: "gatehouse-\(index)")
    let bound = try await loop.submit {
      let context = LoopContext(eventLoop: loop, index: index, clock: clock, random: SystemRandomNumberGenerator())
      let worker = LoopWorker(
        loop: loop, context: context, generation: generation, loops: loops, logger: logger)
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

  /// Begins to accept connections.
  func listen(_ sockets: [ListeningSocket], loops: Int) async throws {
    try await loop.submit { [bound] in
      let contents = bound.value
      for (index, socket) in sockets.enumerated() {
        let listener = Listener(index, worker: contents.worker, loops: loops)
        try listener.start(socket)
        contents.listeners.append(listener)
      }
    }.get()
  }

  func stopListening() async {
    try? await loop.submit { [bound] in
      for listener in bound.value.listeners { listener.stop() }
      bound.value.listeners = []
    }.get()
  }

  func counters() async throws -> LoopCounters {
    try await loop.submit { [bound] in bound.value.worker.counters }.get()
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
    try? await loop.submit { [bound] in bound.value.worker.stop() }.get()
    await loop.stop()
  }
}
