public import Foundation

/// Points in time as the API writes them: RFC 3339 in UTC with milliseconds, `2030-01-01T00:00:00.000Z`.
public enum WireDate {
  /// The text of a point in time, rounded to the millisecond.
  ///
  /// Years outside 0000 to 9999 have no such text; they are clamped to the first or last millisecond that has one.
  public static func text(_ date: Date) -> String {
    text(milliseconds: milliseconds(date))
  }

  /// Reads a text. Also taken: no fraction or one of up to nine digits, an offset such as `+02:00`, a lower-case
  /// `t` or `z`, and a leap second, which counts as the second after it. Anything else gives `nil`.
  public static func date(_ text: String) -> Date? {
    guard let value = DateReader.milliseconds(text) else { return nil }
    return Date(timeIntervalSince1970: Double(value) / 1000)
  }

  /// Milliseconds since 1970, rounded and clamped to the years 0000 to 9999.
  package static func milliseconds(_ date: Date) -> Int64 {
    let value = (date.timeIntervalSince1970 * 1000).rounded()
    if value.isNaN { return 0 }
    return Int64(min(max(value, Double(earliest)), Double(latest)))
  }

  package static func text(milliseconds: Int64) -> String {
    let value = min(max(milliseconds, earliest), latest)
    let days = floorDivide(value, 86_400_000)
    let rest = Int(value - days * 86_400_000)
    let (year, month, day) = CivilDate.fromDays(days)
    let time = [pad(rest / 3_600_000, 2), pad(rest / 60_000 % 60, 2), pad(rest / 1000 % 60, 2)]
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(time.joined(separator: ":")).\(pad(rest % 1000, 3))Z"
  }

  private static let earliest: Int64 = -62_167_219_200_000
  private static let latest: Int64 = 253_402_300_799_999

  private static func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// Days since 1970 and dates of the Gregorian calendar, without a time zone and without a calendar object.
enum CivilDate {
  static func days(year: Int, month: Int, day: Int) -> Int64 {
    // The year starts in March here, so that the leap day is the last day of a year.
    let y = Int64(month <= 2 ? year - 1 : year)
    let era = floorDivide(y, 400)
    let yearOfEra = y - era * 400
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func fromDays(_ days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (Int(year), Int(month), Int(dayOfYear - (153 * part + 2) / 5 + 1))
  }

  static func length(ofMonth month: Int, year: Int) -> Int {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}

func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
  value >= 0 ? value / by : -((by - 1 - value) / by)
}
