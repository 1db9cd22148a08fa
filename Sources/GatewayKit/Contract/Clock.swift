/// Time as the gateway sees it, passed in so that a test owns it.
///
/// Both readings are in nanoseconds. An implementation must be cheap: it is read about once per request.
public protocol GatewayClock: Sendable {
  /// Nanoseconds from an arbitrary point that never go backwards. For durations, limits and deadlines.
  func monotonic() -> Int64
  /// Nanoseconds since 1970-01-01T00:00:00Z. For token expiry, dates and log lines.
  func wall() -> Int64
  /// Returns when so much time has passed; for what renews itself off the data path. Throws when its task is cancelled.
  func sleep(nanoseconds: Int64) async throws

  /// Waits until ``monotonic()`` is this, or throws when the task is cancelled meanwhile.
  func sleep(until deadline: Int64) async throws
}

extension GatewayClock {
  /// Sleeps in real time.
  public func sleep(nanoseconds: Int64) async throws {
    try await Task.sleep(for: .nanoseconds(max(0, nanoseconds)))
  }

  /// Sleeps for what is left.
  public func sleep(until deadline: Int64) async throws {
    let now = monotonic()
    try await sleep(nanoseconds: deadline > now ? deadline &- now : 0)
  }
}
