import GatewayKit

/// A date of HTTP in any of its three forms (RFC 9110 section 5.6.7), read strictly: another form is no date.
struct HTTPDate {
  private var rest: Slice<UnsafeRawBufferPointer>

  /// Seconds since 1970; nil for what is no date.
  ///
  /// - Parameter now: seconds since 1970, to tell the century of a year of two digits.
  static func seconds(of text: UnsafeRawBufferPointer, now: Int64) -> Int64? {
    var date = HTTPDate(rest: text[...])
    guard let moment = date.moment(now: now), date.rest.isEmpty else { return nil }
    return moment
  }

  private struct Day {
    var year: Int
    let month: Int
    let day: Int
  }

  private struct DayName {
    let isLong: Bool
  }

  private mutating func moment(now: Int64) -> Int64? {
    guard let name = dayName() else { return nil }
    // Sun, 06 Nov 1994 08:49:37 GMT
    if take(", ") {
      if let day = dashedDay(now: now) { return name.isLong ? time(of: day, zone: " GMT") : nil }
      guard !name.isLong, let day = day() else { return nil }
      return time(of: day, zone: " GMT")
    }
    // Sun Nov  6 08:49:37 1994
    guard !name.isLong, take(" "), let month = month(), take(" ") else { return nil }
    let isShort = take(" ")
    guard let day = digits(isShort ? 1 : 2), take(" "), let clock = clock(), take(" "), let year = digits(4) else {
      return nil
    }
    return Self.seconds(Day(year: year, month: month, day: day), clock)
  }

  /// `06 Nov 1994`
  private mutating func day() -> Day? {
    guard let day = digits(2), take(" "), let month = month(), take(" "), let year = digits(4) else { return nil }
    return Day(year: year, month: month, day: day)
  }

  /// `06-Nov-94`: what seems to be more than 50 years from now is the last year with these digits.
  private mutating func dashedDay(now: Int64) -> Day? {
    let before = rest
    guard let day = digits(2), take("-"), let month = month(), take("-"), let short = digits(2) else {
      rest = before
      return nil
    }
    let thisYear = CivilTime(seconds: now).year
    var year = thisYear - thisYear % 100 + short
    if year > thisYear + 50 { year -= 100 }
    return Day(year: year, month: month, day: day)
  }

  private mutating func time(of day: Day, zone: StaticString) -> Int64? {
    guard take(" "), let clock = clock(), take(zone) else { return nil }
    return Self.seconds(day, clock)
  }

  /// `08:49:37` in seconds; the last minute of a day may have a leap second.
  private mutating func clock() -> Int? {
    guard let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func seconds(_ date: Day, _ clock: Int) -> Int64? {
    guard date.day >= 1, date.year >= 1, date.day <= length(of: date.month, date.year) else {
      return nil
    }
    return Int64(CivilTime.days(year: date.year, month: date.month, day: date.day) * 86_400 + clock)
  }

  private static func length(of month: Int, _ year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }
}

// MARK: - Letters and digits

extension HTTPDate {
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let days: [(short: StaticString, rest: StaticString)] = [
    ("Sun", "day"), ("Mon", "day"), ("Tue", "sday"), ("Wed", "nesday"), ("Thu", "rsday"), ("Fri", "day"),
    ("Sat", "urday"),
  ]

  /// The day's name; which day it is, the date says better.
  private mutating func dayName() -> DayName? {
    for day in Self.days where take(day.short) { return DayName(isLong: take(day.rest)) }
    return nil
  }

  private mutating func month() -> Int? {
    for (index, name) in Self.months.enumerated() where take(name) { return index + 1 }
    return nil
  }

  private mutating func digits(_ count: Int) -> Int? {
    guard rest.count >= count, rest.prefix(count).allSatisfy(OctetClass.isDigit) else { return nil }
    let value = rest.prefix(count).reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    rest = rest.dropFirst(count)
    return value
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let isThere = text.withUTF8Buffer { rest.starts(with: $0) }
    if isThere { rest = rest.dropFirst(text.utf8CodeUnitCount) }
    return isThere
  }
}
