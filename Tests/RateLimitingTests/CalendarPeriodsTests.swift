import GatewayKit
import Testing

@testable import RateLimiting

/// Periods of the calendar, as any calendar on a wall has them.
@Suite struct CalendarPeriodsTests {
  private func window(_ unit: CalendarUnit, _ zone: String, _ time: String) throws -> CalendarWindow {
    let seconds = try #require(CivilTime.seconds(of: time))
    return CalendarPeriods(unit, zone: zone).window(1, at: seconds * 1_000_000_000)
  }

  private func texts(_ window: CalendarWindow) -> [String] {
    [window.previous, window.start, window.end, window.next].map { CivilTime.text(of: $0) }
  }

  @Test func days() throws {
    #expect(
      texts(try window(.day, "UTC", "2026-02-28T23:59:59Z")) == [
        "2026-02-27T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z",
      ])
    // The border belongs to the period that begins.
    #expect(texts(try window(.day, "UTC", "2026-03-01T00:00:00Z"))[1] == "2026-03-01T00:00:00Z")
  }

  /// Clocks went forward on 29 March 2026: that day had 23 hours.
  @Test func aDayOfTwentyThreeHours() throws {
    #expect(
      texts(try window(.day, "Europe/Berlin", "2026-03-29T12:00:00Z")) == [
        "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z",
      ])
  }

  @Test func months() throws {
    #expect(
      texts(try window(.month, "America/New_York", "2026-03-01T04:30:00Z")) == [
        "2026-01-01T05:00:00Z", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z",
      ])
  }

  @Test func weeksBeginOnMonday() throws {
    #expect(texts(try window(.week, "UTC", "2026-11-27T05:00:00Z"))[1] == "2026-11-23T00:00:00Z")
    #expect(
      texts(try window(.year, "UTC", "2026-11-27T05:00:00Z"))[1...2] == [
        "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
      ])
    #expect(
      texts(try window(.hour, "UTC", "2026-11-27T05:59:59Z"))[1...2] == [
        "2026-11-27T05:00:00Z", "2026-11-27T06:00:00Z",
      ])
  }

  @Test func isRememberedAndLeftAgain() throws {
    let periods = CalendarPeriods(.day, zone: "UTC")
    let noon = Int64(1_795_449_600_000_000_000)
    let first = periods.window(7, at: noon)
    #expect(periods.window(7, at: noon + 3_600_000_000_000) == first && first.limit == 7)
    let next = periods.window(7, at: first.end * 1_000_000_000)
    #expect(next.start == first.end && next.previous == first.start)
    // A clock that was set back.
    #expect(periods.window(7, at: noon) == first)
  }
}
