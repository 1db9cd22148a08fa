/// How a limit counts. Plain numbers, so that a rule goes to any store as it is.
public enum LimitRule: Sendable, Hashable, BitwiseCopyable {
  /// Units that come back evenly, and so many at once.
  case rate(CellRate)
  /// At most so many units in any span of a length.
  case sliding(SlidingWindow)
  /// At most so many units in a period of the calendar.
  case calendar(CalendarWindow)
  /// At most so many units at a time: they are given back when the exchange ends.
  case concurrent(Int64)

  /// The most units that can ever be taken at once.
  public var most: Int64 {
    switch self {
    case .rate(let rate): rate.burst
    case .sliding(let window): window.limit
    case .calendar(let window): window.limit
    case .concurrent(let limit): limit
    }
  }
}

/// A quota of a period of the calendar (a day, a month), with the borders of the periods around now.
///
/// A store judges by its own time: when that lies in the neighbouring period, that is the one that counts.
public struct CalendarWindow: Sendable, Hashable, BitwiseCopyable {
  /// How many units.
  public let limit: Int64
  /// When the period before this one begins, in seconds since 1970.
  public let previous: Int64
  /// When this period begins.
  public let start: Int64
  /// When this period ends and the next one begins.
  public let end: Int64
  /// When the next period ends.
  public let next: Int64

  /// A quota in a period, with its neighbours; times in seconds since 1970, in order.
  public init(limit: Int64, previous: Int64, start: Int64, end: Int64, next: Int64) {
    self.limit = limit
    self.previous = previous
    self.start = start
    self.end = end
    self.next = next
  }

  /// The period that a time lies in, or the nearest one that is known.
  public func period(at seconds: Int64) -> (start: Int64, end: Int64) {
    seconds < start ? (previous, start) : seconds < end ? (start, end) : (end, next)
  }

  /// Judges a request.
  ///
  /// - Parameters:
  ///   - used: units taken in `period`, which is kept with them; both are changed only when the request is admitted.
  ///   - wall: nanoseconds since 1970.
  public func judge(
    _ used: inout Int64, in kept: inout Int64, cost: Int64, wall: Int64
  ) -> LimitDecision {
    let (now, cost) = (period(at: wall / Self.second), max(cost, 0))
    // A clock that was set back by a little does not bring a period back that was used. What lies further ahead is of a
    // clock that was wrong, and would hold until its time has come.
    let isKept = kept >= now.start && kept <= end
    let before = isKept ? used : 0
    let decision = decision(cost: cost, used: before, left: max(0, now.end &* Self.second &- wall))
    // A look changes nothing: it must not end a period either, to which the clock may be set back.
    guard decision.verdict == .admitted, cost > 0 else { return decision }
    used = before &+ cost
    if !isKept { kept = now.start }
    return decision
  }

  /// What is said of a cost when so many units are taken in a period that has so much time left, in nanoseconds.
  package func decision(cost: Int64, used: Int64, left: Int64) -> LimitDecision {
    guard cost == 0 || used <= limit &- cost else {
      return LimitDecision(.refused, remaining: max(0, limit &- used), fullIn: left, retryIn: left)
    }
    return LimitDecision(.admitted, remaining: max(0, limit &- used &- cost), fullIn: left, retryIn: 0)
  }

  /// Adds units that are not judged, or takes some away, where they were taken in this period.
  public func adjust(_ used: inout Int64, in kept: inout Int64, by units: Int64, wall: Int64) {
    let now = period(at: wall / Self.second)
    if kept < now.start || kept > end {
      guard units > 0 else { return }
      (kept, used) = (now.start, 0)
    }
    used = min(max(0, used &+ min(max(units, -Self.mostUsed), Self.mostUsed)), Self.mostUsed)
  }

  private static let second: Int64 = 1_000_000_000
  /// The most units that are counted, charges after the fact included; what every store's numbers hold exactly.
  package static let mostUsed: Int64 = 1 << 52
}

extension LimitRule {
  /// What a limit of units at a time says of a cost when so many are taken. Units come back whenever an exchange ends: in
  /// a moment, for all that can be known.
  package static func decision(concurrent limit: Int64, used: Int64, cost: Int64) -> LimitDecision {
    let cost = max(cost, 0)
    guard cost == 0 || used <= limit &- cost else {
      return LimitDecision(.refused, remaining: max(0, limit &- used), fullIn: 0, retryIn: 1_000_000_000)
    }
    return LimitDecision(.admitted, remaining: max(0, limit &- used &- cost), fullIn: 0, retryIn: 0)
  }
}
