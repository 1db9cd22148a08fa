import GatewayKit

/// What the active checks of one endpoint come to: so many good answers in a row make it healthy, so many bad ones unhealthy.
///
/// Until the first answer it counts as healthy. The first answer decides at once, so that an endpoint that is down at the
/// start is found so with one check.
struct ActiveHealth: Sendable, Equatable {
  private let healthy: Int
  private let unhealthy: Int
  private(set) var isHealthy = true
  /// Whether there was an answer.
  private(set) var isKnown = false
  /// Answers in a row that speak against ``isHealthy``.
  private var against = 0

  init(_ configuration: HealthCheckConfiguration) {
    healthy = max(configuration.healthy, 1)
    unhealthy = max(configuration.unhealthy, 1)
  }

  /// A check went well. Returns whether that makes the endpoint healthy that was not.
  mutating func good() -> Bool { note(true, threshold: healthy) }

  /// A check failed. Returns whether that makes the endpoint unhealthy that was healthy, or counted as it.
  mutating func bad() -> Bool { note(false, threshold: unhealthy) }

  private mutating func note(_ isGood: Bool, threshold: Int) -> Bool {
    let isFirst = !isKnown
    isKnown = true
    guard isGood != isHealthy else {
      against = 0
      return false
    }
    against &+= 1
    guard isFirst || against >= threshold else { return false }
    isHealthy = isGood
    against = 0
    return true
  }
}
