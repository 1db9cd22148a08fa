import GatewayKit
import Logging
import NIOCore

/// What a pool says to whoever asks for a connection.
enum Acquisition {
  /// An idle connection, the asker's from now on.
  case connection(UpstreamConnection)
  /// The asker is told later; the wish can be taken back with ``UpstreamPool/cancel(_:)``.
  case waiting(UpstreamWish)
  /// There is none, and will not be.
  case refused(UpstreamFailure)
}

/// The connections of one loop to one upstream: a bounded number in all, of each endpoint's idle ones the newest first, and
/// a bounded queue. It knows how its endpoints do and chooses among them, and shares the connections among the domains
/// (``FairShares``): whoever has one, or has one made, holds a slot, and gives it back when the connection has done its
/// part, whatever became of it.
final class UpstreamPool {
  let configuration: UpstreamConfiguration
  let plan: UpstreamPlan
  /// Whether there are answers after which a request is tried elsewhere.
  let retriesByStatus: Bool
  let headTimeout: Int64
  let connectTimeout: Int64
  /// A cycle that ends when the worker stops and lets go of its pools.
  let worker: LoopWorker
  private let idleTimeout: Int64
  private let maxAge: Int64
  private let passive: PassiveHealth?

  /// How the endpoints do, as far as this loop knows.
  @exclusivity(unchecked) var states: [EndpointState]
  @exclusivity(unchecked) private var balancer: LoadBalancer
  @exclusivity(unchecked) var budget: RetryBudget
  @exclusivity(unchecked) private var addresses: [[SocketAddress]]
  /// How often the addresses of each endpoint have changed.
  @exclusivity(unchecked) private var changes: [Int]
  private var nextAddress: [Int]
  /// Idle connections by endpoint, the newest last.
  @exclusivity(unchecked) var idle: [[UpstreamConnection]]
  var idleCount = 0
  /// Who holds how many connections, and who waits for one.
  @exclusivity(unchecked) var shares: FairShares<UpstreamWish>
  /// Requests that waited and lost their place to a lighter domain's.
  var shed: UInt64 = 0
  /// Whether those who wait are being served further up the stack.
  var isServing = false
  /// Open connections and attempts to open one.
  var open = 0
  /// The same by endpoint. Checks of its health are in neither.
  @exclusivity(unchecked) var openTo: [Int]
  /// Whether the gateway ends.
  private(set) var isClosed = false

  init(_ plan: UpstreamPlan, worker: LoopWorker) {
    let configuration = plan.configuration
    self.plan = plan
    self.configuration = configuration
    retriesByStatus = !plan.retryStatuses.isEmpty
    self.worker = worker
    headTimeout = configuration.headTimeout.nanoseconds
    idleTimeout = configuration.idleTimeout.nanoseconds
    connectTimeout = configuration.connectTimeout.nanoseconds
    maxAge = configuration.maxAge?.nanoseconds ?? .max
    passive = configuration.ejection.map(PassiveHealth.init)
    budget = RetryBudget(configuration.retry)
    // Loops begin with different endpoints, so that few requests spread too.
    balancer = plan.balancer.starting(at: worker.context.index)
    let count = configuration.endpoints.count
    var unknown = EndpointState()
    unknown.isResolved = false
    states = Array(repeating: unknown, count: count)
    addresses = Array(repeating: [], count: count)
    changes = Array(repeating: 0, count: count)
    nextAddress = Array(repeating: worker.context.index, count: count)
    idle = Array(repeating: [], count: count)
    shares = FairShares(plan.fair, slots: configuration.maxConnections, mostWaiting: configuration.maxWaiting)
    openTo = Array(repeating: 0, count: count)
  }

  /// An idle connection to the endpoint that is chosen, if there is one and the domain may have one; otherwise the waiter
  /// is told later.
  ///
  /// - Parameters:
  ///   - domain: the number of the domain that the request is of.
  ///   - key: what a hash policy goes by.
  ///   - excluded: the endpoints that have been asked already.
  ///   - isFresh: whether only a connection will do that has carried nothing.
  func acquire(
    _ waiter: any UpstreamWaiter, of domain: Int, key: UInt64?, excluding excluded: EndpointSet = EndpointSet(),
    isFresh: Bool = false
  ) -> Acquisition {
    guard let endpoint = choose(key, excluded) else {
      return .refused(states.contains(where: \.isResolved) ? .connectFailed : .unresolved)
    }
    guard shares.take(domain) else {
      return enqueue(UpstreamWish(waiter, of: domain, key, excluding: excluded, isFresh: isFresh))
    }
    if !isFresh, let connection = popIdle(endpoint, for: domain) { return .connection(connection) }
    if open < configuration.maxConnections {
      return .waiting(connect(UpstreamWish(waiter, of: domain, key), to: endpoint))
    }
    if !isFresh, let connection = popIdle(excluding: excluded, for: domain) { return .connection(connection) }
    // What closes counts as open until it is closed.
    shares.give(domain)
    return enqueue(UpstreamWish(waiter, of: domain, key, excluding: excluded, isFresh: isFresh))
  }

  func choose(_ key: UInt64?, _ excluded: EndpointSet) -> Int? {
    balancer.choose(
      states, now: worker.context.now, key: key, excluding: excluded,
      random: states.count > 1 ? worker.context.random() : 0)
  }

  /// Whether a request that failed at an endpoint can be sent to another one.
  func hasOther(than endpoint: Int, _ tried: EndpointSet) -> Bool {
    states.indices.contains { $0 != endpoint && states[$0].isResolved && !tried.contains($0) }
  }

  /// A connection is not wanted any more.
  func cancel(_ wish: UpstreamWish) {
    if wish.isQueued { shares.leave(wish.ticket) }
    wish.end()
    // What is made for a request may serve another one, and holds its slot until it is made; what is made for a check
    // serves nobody else.
    if wish.isPinned { wish.attempt?.cancel() }
  }

  /// A connection has finished an exchange and can carry another.
  func release(_ connection: UpstreamConnection) {
    finished(connection)
    guard !isClosed, isCurrent(connection), connection.take() else { return connection.end() }
    if let wish = nextWish() {
      begin(connection, for: wish.domain)
      wish.end()?.upstreamReady(connection)
    } else if idleCount < configuration.maxIdle {
      connection.rest(until: worker.context.now &+ idleTimeout)
      idle[connection.endpointIndex].append(connection)
      idleCount += 1
    } else {
      return connection.end()
    }
    serveWaiting()
  }

  /// Whether a connection may still be used: it is young enough, and its address is still one of its endpoint's.
  private func isCurrent(_ connection: UpstreamConnection) -> Bool {
    guard worker.context.now &- connection.made < maxAge else { return false }
    let endpoint = connection.endpointIndex
    if connection.addressChange == changes[endpoint] { return true }
    guard addresses[endpoint].contains(connection.address) else { return false }
    connection.addressChange = changes[endpoint]
    return true
  }

  /// A connection is being closed: nobody gets it any more.
  func forget(_ connection: UpstreamConnection) {
    finished(connection)
    guard let index = idle[connection.endpointIndex].lastIndex(where: { $0 === connection }) else { return }
    idle[connection.endpointIndex].remove(at: index)
    idleCount -= 1
  }

  /// A connection is gone.
  func closed(_ connection: UpstreamConnection) {
    forget(connection)
    guard !connection.isCheck else { return }
    closedOne(connection.endpointIndex)
    serveWaiting()
  }

  /// Closes idle connections and lets no new one rest.
  func close() {
    isClosed = true
    for connection in Array(idle.joined()) { connection.end() }
  }
}

// MARK: - How endpoints do

extension UpstreamPool {
  /// The addresses of an endpoint are these from now on.
  func resolved(_ endpoint: Int, _ found: [SocketAddress]) {
    addresses[endpoint] = found
    changes[endpoint] &+= 1
    states[endpoint].isResolved = !found.isEmpty
    for connection in idle[endpoint] where !isCurrent(connection) { connection.end() }
  }

  /// Where an endpoint can be reached, another address first each time.
  func addresses(of endpoint: Int) -> [SocketAddress] {
    let all = addresses[endpoint]
    guard all.count > 1 else { return all }
    nextAddress[endpoint] &+= 1
    let first = nextAddress[endpoint] % all.count
    return Array(all[first...] + all[..<first])
  }

  /// What the active checks have found.
  func checked(_ endpoint: Int, isHealthy: Bool) { states[endpoint].isHealthy = isHealthy }

  /// Tells of endpoints that are back though no request has been sent to them since.
  func noteReturns() {
    guard let passive else { return }
    for endpoint in states.indices where states[endpoint].isReturnDue {
      tell(passive.noteReturn(endpoint, now: worker.context.now, in: &states), endpoint)
    }
  }

  /// How the upstream does on this loop, for the operator.
  var figures: PoolFigures {
    PoolFigures(
      waiting: shares.waiting, shed: shed,
      endpoints: states.indices.map { index in
        PoolFigures.EndpointFigures(
          inFlight: states[index].inFlight, isEjected: states[index].isEjected(now: worker.context.now),
          isHealthy: states[index].isHealthy, addresses: addresses[index].count, idle: idle[index].count,
          open: openTo[index])
      })
  }

  /// An endpoint has answered as it should.
  func succeeded(_ endpoint: Int) {
    // Nearly always there is nothing to be noted.
    guard states[endpoint].failures > 0 || states[endpoint].isReturnDue, let passive else { return }
    tell(passive.success(endpoint, now: worker.context.now, in: &states), endpoint)
  }

  /// An endpoint could not be reached, gave no proper answer, or one that says that it cannot serve.
  func failed(_ endpoint: Int) {
    worker.counters.upstreamFailures &+= 1
    guard let passive else { return }
    tell(passive.failure(endpoint, now: worker.context.now, in: &states), endpoint)
  }

  private func tell(_ event: EjectionEvent?, _ endpoint: Int) {
    guard let event else { return }
    let name = configuration.endpoints[endpoint].description
    switch event {
    case .ejected(let time):
      worker.counters.ejections &+= 1
      worker.log(
        .warning, "an endpoint is left out for failing",
        ["upstream": configuration.name, "endpoint": name, "for": "\(time)"])
    case .returned:
      worker.log(.notice, "an endpoint is used again", ["upstream": configuration.name, "endpoint": name])
    }
  }

  /// The connection is its domain's, whose slot was taken, until it has ``finished(_:)``.
  func begin(_ connection: UpstreamConnection, for domain: Int) {
    connection.isCounted = true
    connection.domain = domain
    states[connection.endpointIndex].inFlight += 1
  }

  /// The exchange of a connection is over, however it ended; every way of ending comes by here, some twice.
  private func finished(_ connection: UpstreamConnection) {
    guard connection.isCounted else { return }
    connection.isCounted = false
    states[connection.endpointIndex].inFlight -= 1
    shares.give(connection.domain)
  }
}
