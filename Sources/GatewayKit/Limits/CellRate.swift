/// So many units in a time, and how many of them at once, by the generic cell rate algorithm (GCRA).
///
/// One number is kept for each caller, the theoretical arrival time: the moment at which the caller's allowance is whole
/// again. A unit moves it by ``interval``; what would move it further than ``tolerance`` beyond now is refused and moves
/// nothing. Everything is whole nanoseconds, so that every store judges alike.
public struct CellRate: Sendable, Hashable, BitwiseCopyable {
  /// Nanoseconds in which one unit comes back, rounded up, so that rounding never admits more.
  public let interval: Int64
  /// How many units can be taken at once.
  public let burst: Int64
  /// ``interval`` times ``burst``: nanoseconds until an exhausted allowance is whole again.
  public let tolerance: Int64

  /// The longest ``tolerance``, in nanoseconds (36 years), so that no sum of it and a time can overflow.
  public static let longestTolerance: Int64 = 1 << 60

  /// A rate; nil when `burst` is not positive or so large that it takes longer than ``longestTolerance`` to come back.
  public init?(rate: Rate, burst: Int) {
    guard burst > 0, let period = rate.period.wholeNanoseconds else { return nil }
    let count = Int64(rate.count)
    self.init(interval: period / count + (period % count == 0 ? 0 : 1), burst: Int64(burst))
  }

  private init?(interval: Int64, burst: Int64) {
    let (tolerance, overflow) = interval.multipliedReportingOverflow(by: burst)
    guard !overflow, tolerance <= Self.longestTolerance else { return nil }
    self.interval = interval
    self.burst = burst
    self.tolerance = tolerance
  }
}

extension CellRate {
  /// Judges one request.
  ///
  /// - Parameters:
  ///   - arrival: the theoretical arrival time that is kept for the caller; changed only when the request is admitted.
  ///     A caller of whom nothing is kept has any time that is not after `now`.
  ///   - cost: units the request takes; less than one counts as none, which always passes and shows what is left.
  ///   - now: nanoseconds, from 0 to 2^61.
  ///   - patience: how long the request may be made to wait rather than refused, 0 to 2^60 nanoseconds. Its units are
  ///     taken at once; ``LimitDecision/delay`` says when they have come back.
  public func judge(_ arrival: inout Int64, cost: Int64, now: Int64, patience: Int64 = 0) -> LimitDecision {
    let start = max(arrival, now)
    let cost = max(cost, 0)
    guard cost <= burst else {
      return LimitDecision(.refused, remaining: left(start &- now), fullIn: start &- now, retryIn: tolerance)
    }
    let next = start &+ cost &* interval
    let used = next &- now
    // What costs nothing is a look, which passes even when the allowance is overdrawn.
    if cost == 0 || used <= tolerance &+ patience {
      arrival = next
      let delay = cost == 0 ? 0 : max(0, used &- tolerance)
      return LimitDecision(.admitted, remaining: left(used), fullIn: used, retryIn: 0, delay: delay)
    }
    return LimitDecision(.refused, remaining: left(start &- now), fullIn: start &- now, retryIn: used &- tolerance)
  }

  /// Moves the arrival time by units that are not judged: forward for a charge after the fact, at most as far as
  /// ``longestTolerance`` allows, and back for what is given back.
  public func adjust(_ arrival: inout Int64, by units: Int64, now: Int64) {
    let (move, overflow) = interval.multipliedReportingOverflow(by: units)
    let bounded = overflow ? (units < 0 ? -Self.longestTolerance : Self.longestTolerance) : move
    let start = max(arrival, now)
    let most = Self.longestTolerance
    arrival = min(start &+ max(min(bounded, most), -most), now &+ most)
  }

  /// Units left when this much of the tolerance is used.
  private func left(_ used: Int64) -> Int64 { used >= tolerance ? 0 : (tolerance &- used) / interval }
}

extension Duration {
  /// The duration in nanoseconds, less any fraction; nil when it does not fit.
  var wholeNanoseconds: Int64? {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? nil : sum
  }
}
