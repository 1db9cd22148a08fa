import GatewayKit

/// The numbers of one claim, as the parts of the ``LimitScript`` want them.
enum ClaimNumbers {
  /// How many bytes they are at most, as a bulk.
  static let longest = 8 + 13 * 21

  /// The largest number that the script reckons with.
  static let most: Int64 = 1 << 52

  /// What a claim takes.
  static func take(_ claim: LimitClaim, wanted: Int64, _ cursor: inout TextCursor) {
    let cost = max(claim.cost, 0)
    let isPossible = cost <= claim.rule.most
    let flags: Int64 = (claim.isShadow ? 1 : 0) + (isPossible ? 0 : 2)
    let bounded = isPossible ? min(cost, most) : 1
    begin(claim.rule, flags: flags, units: bounded, wanted: isPossible ? wanted : 0, &cursor)
    switch claim.rule {
    case .rate(let rate):
      pair(isPossible ? cost &* rate.interval : 0, &cursor)
      pair(rate.tolerance &+ max(claim.patience, 0), &cursor)
      pair(rate.tolerance, &cursor)
      pair(rate.interval, &cursor)
    case .sliding(let window): numbers(window, &cursor)
    case .calendar(let window): numbers(window, period: 0, &cursor)
    case .concurrent(let limit): numbers(min(limit, most), LimitScript.life, &cursor)
    }
  }

  /// What a change moves.
  static func change(_ change: LimitChange, _ cursor: inout TextCursor) {
    let units = min(max(change.units, -most), most)
    begin(change.rule, flags: 0, units: units, wanted: 0, &cursor)
    switch change.rule {
    case .rate(let rate):
      pair(move(rate, change.units), &cursor)
      pair(CellRate.longestTolerance, &cursor)
    case .sliding(let window): numbers(window, &cursor)
    case .calendar(let window): numbers(window, period: change.period, &cursor)
    case .concurrent(let limit): numbers(min(limit, most), LimitScript.life, &cursor)
    }
  }

  /// How far units move the arrival time, without sign.
  private static func move(_ rate: CellRate, _ units: Int64) -> Int64 {
    let (move, overflow) = units.magnitude.multipliedReportingOverflow(by: rate.interval.magnitude)
    return overflow ? CellRate.longestTolerance : Int64(min(move, CellRate.longestTolerance.magnitude))
  }

  private static func begin(
    _ rule: LimitRule, flags: Int64, units: Int64, wanted: Int64, _ cursor: inout TextCursor
  ) {
    let kind: Int64 =
      switch rule {
      case .rate: 1
      case .sliding: 2
      case .calendar: 3
      case .concurrent: 4
      }
    cursor.number(kind)
    numbers(flags, units, &cursor)
    number(wanted, &cursor)
  }

  private static func numbers(_ window: SlidingWindow, _ cursor: inout TextCursor) {
    number(min(window.limit, most), &cursor)
    pair(window.length, &cursor)
    pair(window.grain, &cursor)
  }

  private static func numbers(_ window: CalendarWindow, period: Int64, _ cursor: inout TextCursor) {
    number(min(window.limit, most), &cursor)
    numbers(window.previous, window.start, &cursor)
    numbers(window.end, window.next, &cursor)
    number(period, &cursor)
  }

  private static func numbers(_ first: Int64, _ second: Int64, _ cursor: inout TextCursor) {
    number(first, &cursor)
    number(second, &cursor)
  }

  /// Nanoseconds as whole seconds and the rest.
  static func pair(_ nanoseconds: Int64, _ cursor: inout TextCursor) {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    number(seconds, &cursor)
    number(rest, &cursor)
  }

  private static func number(_ value: Int64, _ cursor: inout TextCursor) {
    cursor.byte(UInt8(ascii: " "))
    cursor.number(value)
  }
}
