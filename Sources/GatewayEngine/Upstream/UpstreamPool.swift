import GatewayKit
import NIOCore

/// What a pool says to whoever asks for a connection.
enum Acquisition {
  /// An idle connection, the asker's from now on.
  case connection(UpstreamConnection)
  /// The asker is told later; the wish can be taken back with ``UpstreamPool/cancel(_:)``.
  case waiting(UpstreamWish)
  /// As many wait as may.
  case refused(UpstreamFailure)
}

/// The connections of one loop to one upstream: the newest idle one first, a bounded number in all, a bounded queue.
final class UpstreamPool {
  let configuration: UpstreamConfiguration
  let headTimeout: Int64
  let connectTimeout: Int64
  /// A cycle that ends when the worker stops and lets go of its pools.
  let worker: LoopWorker
  private let idleTimeout: Int64
  private let upstream: Int
  /// Idle connections by endpoint, the newest last.
  @exclusivity(unchecked) private var idle: [[UpstreamConnection]]
  private var idleCount = 0
  @exclusivity(unchecked) private var queue: CircularBuffer<UpstreamWish> = []
  /// Wishes in the queue that are still wanted.
  private var queuedCount = 0
  /// Open connections and attempts to open one.
  private var open = 0
  private var nextEndpoint: Int
  private var isClosed = false

  /// - Parameter index: the upstream's place in the configuration.
  init(_ index: Int, worker: LoopWorker) {
    let configuration = worker.generation.configuration.upstreams[index]
    self.upstream = index
    self.configuration = configuration
    self.worker = worker
    self.headTimeout = configuration.headTimeout.nanoseconds
    self.idleTimeout = configuration.idleTimeout.nanoseconds
    self.connectTimeout = configuration.connectTimeout.nanoseconds
    self.idle = Array(repeating: [], count: configuration.endpoints.count)
    // Loops begin with different endpoints, so that few requests spread too.
    self.nextEndpoint = worker.context.index % max(configuration.endpoints.count, 1)
  }

  /// An idle connection to the endpoint whose turn it is, if there is one; otherwise the waiter is told later.
  func acquire(_ waiter: any UpstreamWaiter) -> Acquisition {
    let endpoint = takeTurn()
    if let connection = popIdle(endpoint) { return .connection(connection) }
    if open < configuration.maxConnections { return .waiting(connect(UpstreamWish(waiter), to: endpoint)) }
    for other in idle.indices {
      if let connection = popIdle(other) { return .connection(connection) }
    }
    return enqueue(waiter)
  }

  /// A connection of its own for a request that found its idle connection closed.
  func acquireFresh(_ waiter: any UpstreamWaiter) -> Acquisition {
    if open < configuration.maxConnections { return .waiting(connect(UpstreamWish(waiter), to: takeTurn())) }
    return enqueue(waiter)
  }

  /// A connection is not wanted any more.
  func cancel(_ wish: UpstreamWish) {
    if wish.isQueued { queuedCount -= 1 }
    wish.end()
  }

  /// A connection has finished an exchange and can carry another.
  func release(_ connection: UpstreamConnection) {
    if isClosed || !connection.take() { return connection.end() }
    if let waiter = nextWaiter() { return waiter.upstreamReady(connection) }
    guard idleCount < configuration.maxIdle else { return connection.end() }
    connection.rest(until: worker.context.now &+ idleTimeout)
    idle[connection.endpointIndex].append(connection)
    idleCount += 1
  }

  /// A connection is being closed: nobody gets it any more.
  func forget(_ connection: UpstreamConnection) {
    guard let index = idle[connection.endpointIndex].lastIndex(where: { $0 === connection }) else { return }
    idle[connection.endpointIndex].remove(at: index)
    idleCount -= 1
  }

  /// A connection is gone.
  func closed(_ connection: UpstreamConnection) {
    forget(connection)
    closedOne()
    serveWaiting()
  }

  /// Closes idle connections and lets no new one rest.
  func close() {
    isClosed = true
    for connection in Array(idle.joined()) { connection.end() }
  }
}

// MARK: - Idle connections and the queue

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

  private func enqueue(_ waiter: any UpstreamWaiter) -> Acquisition {
    guard queuedCount < configuration.maxWaiting else { return .refused(.tooManyWaiting) }
    // Those who left stand in the queue until their turn; they must not make it grow.
    if queue.count >= 2 * configuration.maxWaiting { queue.removeAll { !$0.isQueued } }
    let wish = UpstreamWish(waiter)
    wish.isQueued = true
    queuedCount += 1
    queue.append(wish)
    return .waiting(wish)
  }

  private func nextWish() -> UpstreamWish? {
    while let wish = queue.popFirst() {
      guard wish.isQueued else { continue }
      wish.isQueued = false
      queuedCount -= 1
      return wish
    }
    return nil
  }

  private func nextWaiter() -> (any UpstreamWaiter)? { nextWish()?.end() }

  private func serveWaiting() {
    guard !isClosed, open < configuration.maxConnections, let wish = nextWish() else { return }
    connect(wish, to: takeTurn())
  }
}

// MARK: - Connecting

extension UpstreamPool {
  /// Where an endpoint can be reached.
  func addresses(of endpoint: Int) -> [SocketAddress] { worker.addresses[upstream][endpoint] }

  @discardableResult
  private func connect(_ wish: UpstreamWish, to endpoint: Int, attempts: Int = 1) -> UpstreamWish {
    open += 1
    worker.counters.upstreamOpen &+= 1
    worker.counters.upstreamConnects &+= 1
    ConnectAttempt(wish, pool: self, endpoint: endpoint, attempts: attempts).start()
    return wish
  }

  /// An attempt has its connection.
  func connected(_ connection: UpstreamConnection, for attempt: ConnectAttempt) {
    guard let waiter = attempt.wish.end() else { return release(connection) }
    waiter.upstreamReady(connection)
  }

  /// Nothing has been sent yet, so every endpoint is tried once, whatever the method.
  func failed(_ attempt: ConnectAttempt, timedOut: Bool) {
    closedOne()
    worker.counters.upstreamConnectFailures &+= 1
    defer { serveWaiting() }
    let wish = attempt.wish
    guard wish.isWanted else { return }
    if attempt.attempts < configuration.endpoints.count {
      let next = (attempt.endpoint + 1) % configuration.endpoints.count
      connect(wish, to: next, attempts: attempt.attempts + 1)
    } else {
      wish.end()?.upstreamUnavailable(timedOut ? .connectTimeout : .connectFailed)
    }
  }

  private func closedOne() {
    open -= 1
    worker.counters.upstreamOpen &-= 1
  }
}
