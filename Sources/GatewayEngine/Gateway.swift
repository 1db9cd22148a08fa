package import GatewayKit
package import Logging
package import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A running gateway: its loops with their workers, its listeners, its generation.
package final class Gateway: Sendable {
  private let workers: [NIOLoopBound<LoopWorker>]
  private let group: any EventLoopGroup
  private let generation: Generation
  private let logger: Logger
  private let listeners: [any Channel]
  /// Where the listeners are bound, in the order of the configuration.
  package let addresses: [SocketAddress]

  private init(
    workers: [NIOLoopBound<LoopWorker>], group: any EventLoopGroup, generation: Generation, logger: Logger,
    listeners: [any Channel]
  ) {
    self.workers = workers
    self.group = group
    self.generation = generation
    self.logger = logger
    self.listeners = listeners
    self.addresses = listeners.compactMap(\.localAddress)
  }

  /// Starts the plugins, then binds every listener; the gateway is ready when this returns.
  ///
  /// - Throws: what a plugin could not start without, or ``BindError``. Nothing is left running then.
  package static func start(
    _ generation: Generation, group: any EventLoopGroup, clock: any GatewayClock, logger: Logger
  ) async throws -> Gateway {
    try await generation.start()
    var workers: [NIOLoopBound<LoopWorker>] = []
    do {
      workers = try await makeWorkers(generation, group: group, clock: clock)
      let listeners = try await bind(generation.configuration.listeners, workers, group, generation)
      return Gateway(workers: workers, group: group, generation: generation, logger: logger, listeners: listeners)
    } catch {
      for worker in workers { try? await worker.eventLoop.submit { worker.value.stop() }.get() }
      await generation.shutdown()
      throw error
    }
  }

  private static func makeWorkers(
    _ generation: Generation, group: any EventLoopGroup, clock: any GatewayClock
  ) async throws -> [NIOLoopBound<LoopWorker>] {
    var workers: [NIOLoopBound<LoopWorker>] = []
    for (index, loop) in group.makeIterator().enumerated() {
      let worker = loop.submit {
        let context = LoopContext(eventLoop: loop, index: index, clock: clock, random: SystemRandomNumberGenerator())
        let worker = LoopWorker(context: context, generation: generation)
        worker.start()
        return NIOLoopBound(worker, eventLoop: loop)
      }
      workers.append(try await worker.get())
    }
    return workers
  }

  private static func bind(
    _ configurations: [ListenerConfiguration], _ workers: [NIOLoopBound<LoopWorker>], _ group: any EventLoopGroup,
    _ generation: Generation
  ) async throws -> [any Channel] {
    var bound: [any Channel] = []
    for configuration in configurations {
      let listener = Listener(configuration, generation.configuration, workers: workers)
      do {
        bound.append(try await listener.bind(group))
      } catch {
        for channel in bound { try? await channel.close() }
        throw BindError(address: configuration.bind.description, cause: BindError.text(of: error))
      }
    }
    return bound
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

  /// What the system says, in its own words.
  static func text(of error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    return String(cString: strerror(error.errnoCode))
  }

  package var description: String { "cannot listen on \(address): \(cause)" }
}

// MARK: - Watching

extension Gateway {
  /// The sum of all loops' counters.
  package func counters() async throws -> LoopCounters {
    var sum = LoopCounters()
    for worker in workers { sum.add(try await worker.eventLoop.submit { worker.value.counters }.get()) }
    return sum
  }

  /// The counters that plugins registered.
  package var pluginCounters: CounterRegistry { generation.counters }
}

// MARK: - Ending

extension Gateway {
  /// Closes the listeners, lets running exchanges finish within the limit, cuts what is left and ends the plugins.
  package func drain(limit: Duration) async {
    for listener in listeners { try? await listener.close() }
    logger.info("draining", metadata: ["limit": "\(limit)"])
    await withTaskGroup { tasks in
      tasks.addTask { await self.drainWorkers() }
      tasks.addTask {
        try? await Task.sleep(for: limit)
        await self.cutWorkers()
      }
      await tasks.next()
      tasks.cancelAll()
    }
    for worker in workers { try? await worker.eventLoop.submit { worker.value.stop() }.get() }
    await generation.shutdown()
  }

  private func drainWorkers() async {
    let drained = workers.map { worker in
      let promise = worker.eventLoop.makePromise(of: Void.self)
      worker.eventLoop.execute { worker.value.drain(promise) }
      return promise.futureResult
    }
    for future in drained { try? await future.get() }
  }

  private func cutWorkers() async {
    for worker in workers { try? await worker.eventLoop.submit { worker.value.cut() }.get() }
  }
}
