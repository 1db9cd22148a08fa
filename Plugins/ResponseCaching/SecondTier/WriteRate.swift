import Synchronization

/// How much may be written for one domain in a time, so that none fills the store that all share or pushes the others out
/// of it. By the generic cell rate algorithm (GCRA), with one number for each domain, over all loops.
struct WriteRate {
  /// At least 1.
  private let bytesPerSecond: Int64
  /// What was not used is saved for so long, in nanoseconds.
  private static let burst: Int64 = 10_000_000_000

  init(bytesPerSecond: Int) { self.bytesPerSecond = max(1, Int64(bytesPerSecond)) }

  /// Takes so many bytes of a domain's; false, and nothing is taken, where that is too much now.
  ///
  /// - Parameter now: monotonic nanoseconds.
  func take(_ bytes: Int, of account: DomainAccount, now: Int64) -> Bool {
    let (time, overflow) = Int64(bytes).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return false }
    var known = account.writesWhole.load(ordering: .relaxed)
    while true {
      let next = max(known, now) &+ time / bytesPerSecond
      guard next &- now <= Self.burst else { return false }
      let step = account.writesWhole.compareExchange(expected: known, desired: next, ordering: .relaxed)
      if step.exchanged { return true }
      known = step.original
    }
  }
}
