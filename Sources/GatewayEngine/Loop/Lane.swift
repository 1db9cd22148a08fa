import GatewayKit
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
    _ index: Int, _ generation: Generation, _ addresses: [[[SocketAddress]]], clock: any GatewayClock
  ) async throws -> Lane {
    let loop = try PollLoop.start(name: "gatehouse-\(index)")
    let bound = try await loop.submit {
      let context = LoopContext(eventLoop: loop, index: index, clock: clock, random: SystemRandomNumberGenerator())
      let worker = LoopWorker(loop: loop, context: context, generation: generation, addresses: addresses)
      worker.start()
      return NIOLoopBound(Contents(worker), eventLoop: loop)
    }.get()
    return Lane(loop: loop, bound: bound)
  }

  /// Begins to accept connections.
  func listen(_ sockets: [ListeningSocket], loops: Int) async throws {
    try await loop.submit { [bound] in
      let contents = bound.value
      let configuration = contents.worker.generation.configuration
      for (listener, socket) in zip(configuration.listeners, sockets) {
        let listener = Listener(listener, configuration, worker: contents.worker, loops: loops)
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
