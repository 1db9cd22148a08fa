import GatewayKit

/// The active checks of all endpoints of a gateway, on one of its loops.
final class HealthChecker {
  /// Told that an endpoint has become healthy, or is no longer: the number of its upstream, its own, and which.
  typealias Listener = @Sendable (_ upstream: Int, _ endpoint: Int, _ isHealthy: Bool) -> Void

  private let checks: [EndpointCheck]

  /// - Parameter tell: called on the worker's loop.
  init(_ worker: LoopWorker, tell: @escaping Listener) {
    checks = worker.pools.enumerated().flatMap { upstream, pool in
      guard let configuration = pool.configuration.healthCheck else { return [EndpointCheck]() }
      return pool.configuration.endpoints.indices.map { endpoint in
        EndpointCheck(endpoint, of: pool, configuration) { tell(upstream, endpoint, $0) }
      }
    }
  }

  /// Asks every endpoint at once, and from then on by its interval.
  func start() { for check in checks { check.start() } }

  /// Cuts the checks that are under way; there will be no others.
  func stop() { for check in checks { check.stop() } }
}
