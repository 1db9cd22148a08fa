package import NIOCore

/// A moment in the Gregorian calendar, UTC, for dates in messages and logs.
package struct CivilTime: Sendable, Equatable {
  package let year: Int
  /// 1 to 12.
  package let month: Int
  /// 1 to 31.
  package let day: Int
  package let hour: Int
  package let minute: Int
  package let second: Int
  /// 0 is Sunday.
  package let weekday: Int

  /// - Parameter seconds: since 1970-01-01T00:00:00Z; what is before that or after the year 9999 counts as the end.
  package init(seconds: Int64) {
    let seconds = Int(min(max(seconds, 0), 253_402_300_799))
    let days = seconds / 86_400
    let rest = seconds % 86_400
    // Years that begin in March put the leap day last; 146,097 days are 400 years.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = rest / 3600
    minute = rest / 60 % 60
    second = rest % 60
    weekday = (days + 4) % 7
  }

  /// `2026-11-23T16:01:58`, without a fraction and a zone.
  package func writeTimestamp(into out: inout ByteBuffer) {
    Self.write(year, digits: 4, into: &out)
    let rest: [(StaticString, Int)] = [("-", month), ("-", day), ("T", hour), (":", minute), (":", second)]
    for (separator, value) in rest {
      out.writeStaticString(separator)
      Self.write(value, digits: 2, into: &out)
    }
  }

  /// `Mon, 23 Nov 2026 16:01:58 GMT` (RFC 9110 section 5.6.7).
  package func writeHTTPDate(into out: inout ByteBuffer) {
    out.writeString(Self.weekdays[weekday])
    out.writeStaticString(", ")
    Self.write(day, digits: 2, into: &out)
    out.writeString(Self.months[month - 1])
    Self.write(year, digits: 4, into: &out)
    let rest: [(StaticString, Int)] = [(" ", hour), (":", minute), (":", second)]
    for (separator, value) in rest {
      out.writeStaticString(separator)
      Self.write(value, digits: 2, into: &out)
    }
    out.writeStaticString(" GMT")
  }

  private static func write(_ value: Int, digits: Int, into out: inout ByteBuffer) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      out.writeInteger(UInt8(0x30 + value / divisor % 10))
      divisor /= 10
    }
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
  ]
}
