import GatewayKit
import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one loop to one upstream: the newest idle one first, a bounded number in all, a bounded queue.
final class UpstreamPool {
  let configuration: UpstreamConfiguration
  let headTimeout: Int64
  private let idleTimeout: Int64
  unowned let worker: LoopWorker
  private let connector: UpstreamConnector
  /// Idle connections by endpoint, the newest last.
  private var idle: [[UpstreamConnection]]
  private var idleCount = 0
  private var waiting: CircularBuffer<ObjectIdentifier> = []
  private var waiters: [ObjectIdentifier: any UpstreamWaiter] = [:]
  /// Open connections and attempts to open one.
  private var open = 0
  private var nextEndpoint = 0
  private var isClosed = false

  init(_ configuration: UpstreamConfiguration, worker: LoopWorker) {
    self.configuration = configuration
    self.worker = worker
    self.headTimeout = configuration.headTimeout.nanoseconds
    self.idleTimeout = configuration.idleTimeout.nanoseconds
    self.connector = UpstreamConnector(configuration, worker: worker)
    self.idle = Array(repeating: [], count: configuration.endpoints.count)
    // Loops begin with different endpoints, so that few requests spread too.
    self.nextEndpoint = worker.context.index % max(configuration.endpoints.count, 1)
  }

  /// An idle connection to the endpoint whose turn it is, if there is one; otherwise the waiter is told later.
  func acquire(_ waiter: any UpstreamWaiter) -> UpstreamConnection? {
    let endpoint = takeTurn()
    if let connection = popIdle(endpoint) { return connection }
    if open < configuration.maxConnections {
      connect(for: waiter, to: endpoint, attempts: 1)
      return nil
    }
    for other in idle.indices {
      if let connection = popIdle(other) { return connection }
    }
    enqueue(waiter)
    return nil
  }

  /// A connection of its own for a request that found its idle connection closed.
  func acquireFresh(_ waiter: any UpstreamWaiter) {
    if open < configuration.maxConnections { return connect(for: waiter, to: takeTurn(), attempts: 1) }
    enqueue(waiter)
  }

  /// The waiter does not want a connection any more.
  func cancel(_ waiter: any UpstreamWaiter) { waiters[ObjectIdentifier(waiter)] = nil }

  /// A connection has finished an exchange and can carry another.
  func release(_ connection: UpstreamConnection) {
    if isClosed { return connection.close() }
    if let waiter = nextWaiter() {
      if connection.take() { return waiter.upstreamReady(connection) }
      return connect(for: waiter, to: takeTurn(), attempts: 1)
    }
    guard idleCount < configuration.maxIdle else { return connection.close() }
    connection.rest(until: worker.context.now &+ idleTimeout)
    idle[connection.endpointIndex].append(connection)
    idleCount += 1
  }

  /// A connection is gone.
  func closed(_ connection: UpstreamConnection) {
    open -= 1
    worker.counters.upstreamOpen &-= 1
    if let index = idle[connection.endpointIndex].lastIndex(where: { $0 === connection }) {
      idle[connection.endpointIndex].remove(at: index)
      idleCount -= 1
    }
    serveWaiting()
  }

  /// Closes idle connections and lets no new one rest.
  func close() {
    isClosed = true
    for connection in idle.joined() { connection.close() }
  }
}

// MARK: - Connecting

extension UpstreamPool {
  private func takeTurn() -> Int {
    let endpoint = nextEndpoint
    nextEndpoint = (nextEndpoint + 1) % configuration.endpoints.count
    return endpoint
  }

  private func popIdle(_ endpoint: Int) -> UpstreamConnection? {
    while let connection = idle[endpoint].popLast() {
      idleCount -= 1
      if connection.take() { return connection }
    }
    return nil
  }

  private func enqueue(_ waiter: any UpstreamWaiter) {
    guard waiters.count < configuration.maxWaiting + configuration.maxConnections else {
      return waiter.upstreamUnavailable(.tooManyWaiting)
    }
    // Those who left stay in the queue by id until their turn; they must not make it grow.
    if waiting.count >= 2 * configuration.maxWaiting { waiting.removeAll { waiters[$0] == nil } }
    guard waiting.count < 2 * configuration.maxWaiting else { return waiter.upstreamUnavailable(.tooManyWaiting) }
    waiters[ObjectIdentifier(waiter)] = waiter
    waiting.append(ObjectIdentifier(waiter))
  }

  private func nextWaiter() -> (any UpstreamWaiter)? {
    while let id = waiting.popFirst() {
      if let waiter = waiters.removeValue(forKey: id) { return waiter }
    }
    return nil
  }

  private func serveWaiting() {
    guard !isClosed, open < configuration.maxConnections, let waiter = nextWaiter() else { return }
    connect(for: waiter, to: takeTurn(), attempts: 1)
  }

  private func connect(for waiter: any UpstreamWaiter, to endpoint: Int, attempts: Int) {
    open += 1
    worker.counters.upstreamOpen &+= 1
    worker.counters.upstreamConnects &+= 1
    waiters[ObjectIdentifier(waiter)] = waiter
    connector.connect(to: endpoint, pool: self).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let bound): connected(bound.value, for: ObjectIdentifier(waiter))
      case .failure(let error): failed(error, for: ObjectIdentifier(waiter), attempts: attempts)
      }
    }
  }

  private func connected(_ connection: UpstreamConnection, for id: ObjectIdentifier) {
    worker.context.refresh()
    guard let waiter = waiters.removeValue(forKey: id) else { return release(connection) }
    guard connection.take() else { return waiter.upstreamUnavailable(.connectFailed) }
    waiter.upstreamReady(connection)
  }

  /// Nothing has been sent yet, so every endpoint may be tried, whatever the method.
  private func failed(_ error: any Error, for id: ObjectIdentifier, attempts: Int) {
    worker.context.refresh()
    open -= 1
    worker.counters.upstreamOpen &-= 1
    worker.counters.upstreamConnectFailures &+= 1
    defer { serveWaiting() }
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    if attempts < configuration.endpoints.count { return connect(for: waiter, to: takeTurn(), attempts: attempts + 1) }
    if case .some(.connectTimeout) = error as? ChannelError { return waiter.upstreamUnavailable(.connectTimeout) }
    waiter.upstreamUnavailable(.connectFailed)
  }
}
