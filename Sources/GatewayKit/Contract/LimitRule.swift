/// How much a caller may ask: so many units in a time, and how many of them at once.
///
/// The rule is the generic cell rate algorithm (GCRA). One number is kept for each caller, the theoretical arrival time:
/// the moment at which the caller's allowance is whole again. A unit moves it by ``interval``; what would move it further
/// than ``tolerance`` beyond now is refused and moves nothing. Everything is whole nanoseconds, so that every store
/// judges alike.
public struct LimitRule: Sendable, Hashable {
  /// Nanoseconds in which one unit comes back, rounded up, so that rounding never admits more.
  public let interval: Int64
  /// How many units can be taken at once.
  public let burst: Int64
  /// ``interval`` times ``burst``: nanoseconds until an exhausted allowance is whole again.
  public let tolerance: Int64

  /// The longest ``tolerance``, in nanoseconds (36 years), so that no sum of it and a time can overflow.
  public static let longestTolerance: Int64 = 1 << 60

  /// A rule; nil when `burst` is not positive or so large that it takes longer than ``longestTolerance`` to come back.
  public init?(rate: Rate, burst: Int) {
    guard burst > 0, let period = Self.nanoseconds(rate.period) else { return nil }
    let count = Int64(rate.count)
    let interval = period / count + (period % count == 0 ? 0 : 1)
    let (tolerance, overflow) = interval.multipliedReportingOverflow(by: Int64(burst))
    guard !overflow, tolerance <= Self.longestTolerance else { return nil }
    self.interval = interval
    self.burst = Int64(burst)
    self.tolerance = tolerance
  }

  private static func nanoseconds(_ duration: Duration) -> Int64? {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? nil : sum
  }
}

extension LimitRule {
  /// Judges one request.
  ///
  /// - Parameters:
  ///   - arrival: the theoretical arrival time that is kept for the caller; changed only when the request is admitted.
  ///     A caller of whom nothing is kept has any time that is not after `now`.
  ///   - cost: units the request takes; less than one counts as none, which always passes and shows what is left.
  ///   - now: monotonic nanoseconds, from 0 to 2^61.
  public func judge(_ arrival: inout Int64, cost: Int, now: Int64) -> LimitDecision {
    let start = max(arrival, now)
    let cost = Int64(max(cost, 0))
    guard cost <= burst else {
      return LimitDecision(.refused, remaining: left(start &- now), fullIn: start &- now, retryIn: tolerance)
    }
    let next = start &+ cost &* interval
    let used = next &- now
    if used <= tolerance {
      arrival = next
      return LimitDecision(.admitted, remaining: left(used), fullIn: used, retryIn: 0)
    }
    return LimitDecision(.refused, remaining: left(start &- now), fullIn: start &- now, retryIn: used &- tolerance)
  }

  /// Units left when this much of the tolerance is used.
  private func left(_ used: Int64) -> Int64 { used >= tolerance ? 0 : (tolerance &- used) / interval }
}

/// What a store says of one request.
public struct LimitDecision: Sendable, Hashable {
  /// Whether the request may pass.
  public enum Verdict: Sendable, Hashable {
    /// It may, and its cost was taken.
    case admitted
    /// It may not, and nothing was taken.
    case refused
    /// The store has no room for one more caller, so it cannot tell; nothing was taken.
    case noRoom
  }

  /// Whether the request may pass.
  public let verdict: Verdict
  /// Units that could be taken at once now.
  public let remaining: Int64
  /// Nanoseconds until the allowance is whole again.
  public let fullIn: Int64
  /// Nanoseconds until the same request would be admitted; 0 when it was.
  public let retryIn: Int64

  /// A decision.
  public init(_ verdict: Verdict, remaining: Int64, fullIn: Int64, retryIn: Int64) {
    self.verdict = verdict
    self.remaining = remaining
    self.fullIn = fullIn
    self.retryIn = retryIn
  }
}
