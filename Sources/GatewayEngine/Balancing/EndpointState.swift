/// What one loop knows of an endpoint: how busy it is, and whether it may be chosen.
struct EndpointState: Sendable, Equatable {
  /// Requests of this loop that were sent and not yet answered in full.
  var inFlight = 0
  /// Failures since the last success, as long as nothing follows from them.
  var failures = 0
  /// Monotonic nanoseconds until which it is left out for failing; far in the past for one that never was.
  var ejectedUntil = Int64.min
  /// How often in near succession it was left out: the next time is longer by so much.
  var ejections = 0
  /// Whether its coming back is still to be told.
  var isReturnDue = false
  /// What the active checks say; an endpoint of which they know nothing yet counts as healthy.
  var isHealthy = true
  /// Whether its name has an address.
  var isResolved = true

  /// Whether it is left out for failing.
  func isEjected(now: Int64) -> Bool { now < ejectedUntil }

  /// Whether it may be chosen as long as there is no need.
  func isUsable(now: Int64) -> Bool { isResolved && isHealthy && now >= ejectedUntil }
}
