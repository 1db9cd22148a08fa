import Synchronization

/// Lets something be logged once in a while only, whichever loop comes first.
final class LogInterval: Sendable {
  private let next = Atomic<Int64>(.min)
  private let nanoseconds: Int64

  init(_ interval: Duration) { nanoseconds = interval.nanoseconds }

  /// Whether it is time again; the others then wait.
  func passes(now: Int64) -> Bool {
    let due = next.load(ordering: .relaxed)
    guard now >= due else { return false }
    return next.compareExchange(expected: due, desired: now &+ nanoseconds, ordering: .relaxed).exchanged
  }
}
