import Foundation
import GatewayKit

/// The periods of a calendar unit in a time zone, remembered as long as time stays in the same one. Bound to one loop.
final class CalendarPeriods {
  private let component: Calendar.Component
  private let calendar: Calendar
  private var current: CalendarWindow?

  init(_ unit: CalendarUnit, zone: String) {
    component =
      switch unit {
      case .hour: .hour
      case .day: .day
      case .week: .weekOfYear
      case .month: .month
      case .year: .year
      }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
    // Weeks begin on Monday (ISO 8601).
    calendar.firstWeekday = 2
    self.calendar = calendar
  }

  /// Whether there is such a time zone.
  static func knows(zone: String) -> Bool { TimeZone(identifier: zone) != nil }

  /// The period that a time lies in, with its neighbours.
  ///
  /// - Parameters:
  ///   - limit: units in a period.
  ///   - wall: nanoseconds since 1970.
  func window(_ limit: Int, at wall: Int64) -> CalendarWindow {
    let seconds = wall / 1_000_000_000
    let window = current.flatMap { $0.start <= seconds && seconds < $0.end ? $0 : nil } ?? look(seconds)
    return CalendarWindow(
      limit: Int64(limit), previous: window.previous, start: window.start, end: window.end, next: window.next)
  }

  private func look(_ seconds: Int64) -> CalendarWindow {
    let (start, end) = period(around: seconds)
    let made = CalendarWindow(
      limit: 0, previous: period(around: start - 1).start, start: start, end: end, next: period(around: end).end)
    current = made
    return made
  }

  private func period(around seconds: Int64) -> (start: Int64, end: Int64) {
    let date = Date(timeIntervalSince1970: TimeInterval(seconds))
    guard let found = calendar.dateInterval(of: component, for: date) else { return (seconds, seconds + 3600) }
    return (Int64(found.start.timeIntervalSince1970), Int64(found.end.timeIntervalSince1970))
  }
}

/// The calendars of one loop, one for each unit and time zone.
final class Calendars {
  private var made: [String: CalendarPeriods] = [:]

  func periods(_ unit: CalendarUnit, zone: String) -> CalendarPeriods {
    let key = "\(unit.rawValue) \(zone)"
    if let found = made[key] { return found }
    let periods = CalendarPeriods(unit, zone: zone)
    made[key] = periods
    return periods
  }
}
