package import GatewayKit

/// How much a caller may ask.
package enum LimitAmount: Sendable, Hashable {
  /// Units that come back evenly, and so many at once.
  case rate(Rate, CellRate)
  /// So many units in any span as long as the rate's period.
  case sliding(Rate, SlidingWindow)
  /// So many units in each period of the calendar.
  case quota(Int, CalendarUnit, zone: String)
  /// So many exchanges at a time.
  case concurrent(Int)
  /// As much as it likes.
  case unlimited
}

/// The periods of quotas.
package enum CalendarUnit: String, CaseIterable, Sendable, Hashable {
  case hour, day, week, month, year
}

extension LimitAmount {
  private enum Algorithm: String, CaseIterable {
    case gcra
    case slidingWindow = "sliding_window"
  }

  private static let hint =
    "write one of rate: 600/m, quota: 10000/day and concurrent: 20, or plans with a default"

  /// The amount that a mapping names; nil when it names none, or after reporting what is wrong.
  static func read(_ settings: SettingsReader) -> LimitAmount? {
    let rate = readRate(settings)
    let quota = readQuota(settings)
    let concurrent = settings.optionalInt("concurrent", in: 1...largest).map { LimitAmount.concurrent($0) }
    let named = ["rate", "quota", "concurrent"].filter { settings.has($0) }
    if named.count > 1 {
      settings.fail(
        named[1], "stands beside `\(named[0])`, and a rule has one amount", hint: "make two rules of it, under `limits`"
      )
    }
    return rate ?? quota ?? concurrent
  }

  /// The same where an amount must be there.
  static func readRequired(_ settings: SettingsReader) -> LimitAmount {
    if !["rate", "quota", "concurrent"].contains(where: { settings.has($0) }) {
      settings.fail(nil, "has no amount", hint: "write one of rate: 600/m, quota: 10000/day and concurrent: 20")
    }
    return read(settings) ?? .unlimited
  }

  private static let largest = 1_000_000_000

  private static func readRate(_ settings: SettingsReader) -> LimitAmount? {
    let algorithm: Algorithm = settings.choice("algorithm", default: .gcra)
    let burst = settings.optionalInt("burst", in: 1...largest)
    let rate = settings.rate("rate")
    for key in ["algorithm", "burst"] where settings.has(key) && !settings.has("rate") {
      settings.fail(key, "has no meaning without `rate`", hint: "add `rate`, or remove it")
    }
    guard let rate else { return nil }
    if algorithm == .slidingWindow {
      if burst != nil {
        settings.fail(
          "burst", "has no meaning with a sliding window", hint: "all of its units may come at once; remove it")
      }
      return SlidingWindow(rate: rate).map { .sliding(rate, $0) } ?? tooSlow("rate", settings)
    }
    return CellRate(rate: rate, burst: burst ?? rate.count).map { .rate(rate, $0) } ?? tooSlow("burst", settings)
  }

  private static func tooSlow(_ key: String, _ settings: SettingsReader) -> LimitAmount? {
    settings.fail(
      key, "so many at once take longer than 36 years to come back", hint: "write a smaller burst or a faster rate")
    return nil
  }

  private static func readQuota(_ settings: SettingsReader) -> LimitAmount? {
    let zone = settings.string("time_zone", default: "UTC")
    if settings.has("time_zone"), !settings.has("quota") {
      settings.fail("time_zone", "has no meaning without `quota`", hint: "remove it")
    }
    if !CalendarPeriods.knows(zone: zone) {
      settings.fail(
        "time_zone", "`\(Display.text(zone, limit: 60))` is no time zone",
        hint: "write a name such as Europe/Berlin or UTC")
    }
    guard let text = settings.optionalString("quota") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = ValueParser.integer(String(parts[0])), (1...largest).contains(count),
      let unit = CalendarUnit(rawValue: String(parts[1]))
    else {
      settings.fail(
        "quota", "`\(Display.text(text, limit: 60))` is no quota",
        hint: "write a count up to \(largest) and a period: 10000/day, or hour, week, month, year")
      return nil
    }
    return .quota(count, unit, zone: zone)
  }
}

// MARK: - Meaning

extension LimitAmount {
  /// What a client is told: how many, in how many seconds where that is known beforehand and a whole number.
  var policy: (units: Int, seconds: Int64?)? {
    switch self {
    case .rate(let rate, _), .sliding(let rate, _):
      let (seconds, attoseconds) = rate.period.components
      return (rate.count, attoseconds == 0 ? seconds : nil)
    case .quota(let count, let unit, _): return (count, unit.seconds)
    case .concurrent(let count): return (count, nil)
    case .unlimited: return nil
    }
  }

  /// The most units that can be taken at once; nil for no end.
  var most: Int? {
    switch self {
    case .rate(_, let cells): Int(cells.burst)
    case .sliding(let rate, _): rate.count
    case .quota(let count, _, _), .concurrent(let count): count
    case .unlimited: nil
    }
  }

  /// A gateway's part of the amount when so many share it and cannot agree; at least one unit.
  func divided(by gateways: Int) -> LimitAmount {
    let part = { (count: Int) in max(1, count / max(gateways, 1)) }
    switch self {
    case .rate(let rate, let cells):
      guard let slower = Rate(count: rate.count, period: rate.period * gateways),
        let rule = CellRate(rate: slower, burst: part(Int(cells.burst)))
      else { return self }
      return .rate(slower, rule)
    case .sliding(let rate, _):
      guard let fewer = Rate(count: part(rate.count), period: rate.period), let window = SlidingWindow(rate: fewer)
      else {
        return self
      }
      return .sliding(fewer, window)
    case .quota(let count, let unit, let zone): return .quota(part(count), unit, zone: zone)
    case .concurrent(let count): return .concurrent(part(count))
    case .unlimited: return .unlimited
    }
  }

  /// Tells amounts apart in keys: a tag and the numbers that the rule goes by.
  func append(to key: inout KeyBytes) {
    switch self {
    case .rate(_, let cells): append(1, cells.interval, cells.burst, to: &key)
    case .sliding(_, let window): append(2, window.limit, window.length, to: &key)
    case .quota(let count, let unit, let zone):
      append(3, Int64(count), Int64(CalendarUnit.allCases.firstIndex(of: unit) ?? 0), to: &key)
      Array(zone.utf8).withUnsafeBytes { key.append(part: $0) }
    case .concurrent(let count): append(4, Int64(count), 0, to: &key)
    case .unlimited: append(5, 0, 0, to: &key)
    }
  }

  private func append(_ tag: UInt8, _ first: Int64, _ second: Int64, to key: inout KeyBytes) {
    key.append(tag)
    key.append(UInt64(bitPattern: first))
    key.append(UInt64(bitPattern: second))
  }
}

extension CalendarUnit {
  /// Its usual length; nil where periods differ by more than a daylight saving hour.
  fileprivate var seconds: Int64? {
    switch self {
    case .hour: 3600
    case .day: 86_400
    case .week: 604_800
    case .month, .year: nil
    }
  }
}
