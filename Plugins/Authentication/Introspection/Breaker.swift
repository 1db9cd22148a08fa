/// Stops asking an endpoint that is dead: after some failures in a row one question in a while finds out whether it
/// lives again, and nobody else waits for it.
///
/// An owner whose questions did not fail may ask all the same, since another's tokens may be what the endpoint fails at; with
/// a few owners that failed it is dead for all.
struct Breaker: Sendable {
  static let enough = 5
  static let pause: Int64 = 1_000_000_000
  static let enoughOwners = 8

  private var failures = 0
  private var closedUntil = Int64.min
  /// Those whose questions failed since one succeeded.
  private var failing: [UInt16] = []
  /// Who asked for all the last time.
  private var lastProbe: UInt16?

  /// Whether the endpoint is taken for dead.
  var isOpen: Bool { failures >= Self.enough }

  /// Whether it is taken for dead by what an owner's questions tell.
  func isOpen(for owner: UInt16) -> Bool {
    isOpen && (failing.count >= Self.enoughOwners || failing.contains(owner))
  }

  /// Whether a question may be asked at this time. While the endpoint is dead, who is told yes asks for all, and lets another
  /// be the next, if there is one.
  mutating func admits(_ owner: UInt16, at now: Int64) -> Bool {
    guard isOpen(for: owner) else { return true }
    let pause = lastProbe == owner && failing.count > 1 ? Self.pause : 0
    guard now >= closedUntil.saturatingAdd(pause) else { return false }
    closedUntil = now.saturatingAdd(Self.pause)
    lastProbe = owner
    return true
  }

  mutating func succeeded() {
    failures = 0
    failing = []
    lastProbe = nil
  }

  mutating func failed(_ owner: UInt16, at now: Int64) {
    failures = min(failures + 1, Self.enough)
    closedUntil = now.saturatingAdd(Self.pause)
    if failing.count < Self.enoughOwners, !failing.contains(owner) { failing.append(owner) }
  }
}
