/// Stops asking an endpoint that is dead: after some failures in a row one question in a while finds out whether it
/// lives again, and nobody else waits for it.
struct Breaker: Sendable {
  static let enough = 5
  static let pause: Int64 = 1_000_000_000

  private var failures = 0
  private var closedUntil = Int64.min

  /// Whether the endpoint is taken for dead.
  var isOpen: Bool { failures >= Self.enough }

  /// Whether a question may be asked at this time. While the endpoint is dead, who is told yes asks for all.
  mutating func admits(at now: Int64) -> Bool {
    guard isOpen else { return true }
    guard now >= closedUntil else { return false }
    closedUntil = now.saturatingAdd(Self.pause)
    return true
  }

  mutating func succeeded() { failures = 0 }

  mutating func failed(at now: Int64) {
    failures = min(failures + 1, Self.enough)
    closedUntil = now.saturatingAdd(Self.pause)
  }
}
