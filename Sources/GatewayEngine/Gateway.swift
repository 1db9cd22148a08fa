package import GatewayKit
package import Logging
package import NIOCore
import NIOPosix

/// A running gateway: its loops with their workers, its listeners, its generation.
package final class Gateway: Sendable {
  private let lanes: [Lane]
  package let generation: Generation
  private let logger: Logger
  private let sockets: [ListeningSocket]
  private let resolver: NameResolver
  private let watch: Task<Void, Never>
  /// Where the listeners are bound, in the order of the configuration.
  package var addresses: [SocketAddress] { sockets.map(\.address) }

  private init(
    _ lanes: [Lane], generation: Generation, logger: Logger, sockets: [ListeningSocket], resolver: NameResolver
  ) {
    self.lanes = lanes
    self.resolver = resolver
    self.watch = Self.watch(generation, logger)
    self.generation = generation
    self.logger = logger
    self.sockets = sockets
  }

  /// Starts the plugins, then binds every listener; the gateway is ready when this returns.
  ///
  /// - Parameter loops: how many event loops, each a thread.
  /// - Throws: what a plugin could not start without, ``SystemError`` or ``BindError``. Nothing is left running then.
  package static func start(
    _ generation: Generation, loops: Int, clock: any GatewayClock, logger: Logger
  ) async throws -> Gateway {
    try await generation.start()
    var lanes: [Lane] = []
    var sockets: [ListeningSocket] = []
    let resolver = NameResolver(counters: generation.counters, logger: logger)
    let configuration = generation.configuration
    let entrance = Entrance(
      configuration.limits, listeners: configuration.listeners.map(\.connections), loops: loops)
    do {
      for index in 0..<loops {
        lanes.append(try await Lane.start(index, generation, entrance: entrance, clock: clock, logger: logger))
      }
      for lane in lanes { lane.follow(resolver, generation) }
      await resolver.start(timeout: Self.firstResolution)
      startChecks(lanes)
      for listener in generation.configuration.listeners { sockets.append(try await bind(listener)) }
      for lane in lanes { try await lane.prepare(sockets, lanes) }
      for lane in lanes { try await lane.listen() }
      return Gateway(lanes, generation: generation, logger: logger, sockets: sockets, resolver: resolver)
    } catch {
      await resolver.stop()
      for lane in lanes { await lane.stop() }
      for socket in sockets { socket.close() }
      await generation.shutdown()
      throw error
    }
  }

  /// The first loop checks the endpoints' health and tells all.
  private static func startChecks(_ lanes: [Lane]) {
    lanes.first?.startChecks { upstream, endpoint, isHealthy in
      for lane in lanes { lane.checked(upstream, endpoint, isHealthy: isHealthy) }
    }
  }

  /// How long the start waits for the first addresses of names.
  private static let firstResolution = Duration.seconds(2)
  /// How often certificate files are looked at.
  private static let watchInterval = Duration.seconds(2)

  private static func watch(_ generation: Generation, _ logger: Logger) -> Task<Void, Never> {
    let watch = FileWatch(interval: watchInterval, logger: logger)
    for tls in generation.listenerTLS.compactMap(\.self) {
      tls.current.log("a TLS certificate is in use", to: logger)
      watch.add(tls)
    }
    // Upstreams that name the same files have the same.
    var seen: Set<ObjectIdentifier> = []
    for tls in generation.upstreams.compactMap(\.tls) where seen.insert(ObjectIdentifier(tls)).inserted {
      tls.current.log("a TLS certificate is in use", to: logger)
      watch.add(tls)
    }
    return Task.detached { await watch.run() }
  }

  private static func bind(_ configuration: ListenerConfiguration) async throws -> ListeningSocket {
    let bind = configuration.bind
    do {
      let address = try await NIOThreadPool.singleton.runIfActive {
        try SocketAddress.makeAddressResolvingHost(bind.host, port: bind.port)
      }
      return try ListeningSocket.bind(address)
    } catch {
      throw BindError(address: bind.description, cause: (error as? SystemError)?.text ?? "\(error)")
    }
  }
}

/// A listener could not be bound.
package struct BindError: Error, CustomStringConvertible {
  package let address: String
  package let cause: String

  package init(address: String, cause: String) {
    self.address = address
    self.cause = cause
  }

  package var description: String { "cannot listen on \(address): \(cause)" }
}

// MARK: - Watching

extension Gateway {
  /// The sum of all loops' counters.
  package func counters() async throws -> LoopCounters {
    var sum = LoopCounters()
    for counters in try await countersByLoop() { sum.add(counters) }
    return sum
  }

  /// How many event loops there are.
  package var loops: Int { lanes.count }

  /// How the upstreams and their endpoints do, over all loops.
  package func upstreams() async throws -> [UpstreamStatus] {
    var upstreams = generation.upstreams.map { UpstreamStatus($0.configuration) }
    for pools in try await pools() {
      for (index, figures) in pools.enumerated() where upstreams.indices.contains(index) {
        upstreams[index].add(figures)
      }
    }
    return upstreams
  }

  /// What each loop knows of each upstream.
  func pools() async throws -> [[PoolFigures]] {
    var pools: [[PoolFigures]] = []
    for lane in lanes { pools.append(try await lane.pools()) }
    return pools
  }

  /// Each loop's counters.
  package func countersByLoop() async throws -> [LoopCounters] {
    var counters: [LoopCounters] = []
    for lane in lanes { counters.append(try await lane.counters()) }
    return counters
  }

  /// The counters that plugins registered.
  package var pluginCounters: CounterRegistry { generation.counters }

  /// The tokens that operators have revoked.
  package var revocations: TokenRevocations { generation.revocations }
}

// MARK: - Ending

extension Gateway {
  /// Closes the listeners, lets running exchanges finish within the limit, cuts what is left and ends the plugins.
  package func drain(limit: Duration) async {
    for lane in lanes { await lane.stopListening() }
    await lanes.first?.closeListeners()
    logger.info("draining", metadata: ["limit": "\(limit)"])
    await withTaskGroup { tasks in
      tasks.addTask { await self.drainLanes() }
      tasks.addTask {
        try? await Task.sleep(for: limit)
        for lane in self.lanes { await lane.cut() }
      }
      await tasks.next()
      tasks.cancelAll()
    }
    watch.cancel()
    await resolver.stop()
    for lane in lanes { await lane.stop() }
    await generation.shutdown()
  }

  private func drainLanes() async {
    await withTaskGroup { tasks in
      for lane in lanes { tasks.addTask { await lane.drain() } }
    }
  }
}
