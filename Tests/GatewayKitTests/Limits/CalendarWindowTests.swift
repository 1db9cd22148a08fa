import GatewayKit
import GatewayTesting
import Testing

@Suite struct CalendarWindowTests {
  private let second: Int64 = 1_000_000_000
  private let window = CalendarWindow(limit: 5, previous: 100, start: 200, end: 300, next: 400)

  @Test func theTimeSaysWhichPeriodCounts() {
    #expect(window.period(at: 0) == (100, 200) && window.period(at: 199) == (100, 200))
    #expect(window.period(at: 200) == (200, 300) && window.period(at: 299) == (200, 300))
    #expect(window.period(at: 300) == (300, 400) && window.period(at: 999) == (300, 400))
  }

  @Test func eachPeriodHasItsQuota() {
    var (used, kept) = (Int64(0), Int64.min)
    for wall in [150, 250, 350] as [Int64] {
      for left in [4, 3, 2, 1, 0] as [Int64] {
        let decision = window.judge(&used, in: &kept, cost: 1, wall: wall * second)
        #expect(decision.verdict == .admitted && decision.remaining == left)
        #expect(decision.fullIn == 50 * second)
      }
      let decision = window.judge(&used, in: &kept, cost: 1, wall: wall * second + 7)
      #expect(decision.verdict == .refused && decision.retryIn == 50 * second - 7)
    }
  }

  @Test func aClockThatGoesBackBringsNoPeriodBack() {
    var (used, kept) = (Int64(0), Int64.min)
    #expect(window.judge(&used, in: &kept, cost: 5, wall: 300 * second).verdict == .admitted)
    #expect(window.judge(&used, in: &kept, cost: 1, wall: 299 * second).verdict == .refused)
    #expect(window.judge(&used, in: &kept, cost: 0, wall: 299 * second).verdict == .admitted)
    #expect(kept == 300 && used == 5)
  }

  /// It does not end a period that the clock may come back to.
  @Test func aLookChangesNothing() {
    var (used, kept) = (Int64(3), Int64(200))
    #expect(window.judge(&used, in: &kept, cost: 0, wall: 350 * second).remaining == 5)
    #expect(window.judge(&used, in: &kept, cost: 0, wall: 250 * second).remaining == 2)
  }

  @Test func unitsAreChargedAndGivenBackInTheirPeriod() {
    var (used, kept) = (Int64(0), Int64.min)
    window.adjust(&used, in: &kept, by: -3, wall: 250 * second)
    #expect(used == 0 && kept == .min)
    window.adjust(&used, in: &kept, by: 7, wall: 250 * second)
    #expect(window.judge(&used, in: &kept, cost: 1, wall: 250 * second).verdict == .refused)
    window.adjust(&used, in: &kept, by: -4, wall: 250 * second)
    #expect(window.judge(&used, in: &kept, cost: 2, wall: 250 * second).verdict == .admitted)
    window.adjust(&used, in: &kept, by: -2, wall: 350 * second)
    #expect(used == 5 && kept == 200)
  }

  @Test func extremesDoNotTrap() {
    for units in [Int64.min, -1, 1, Int64.max] {
      var (used, kept) = (Int64(0), Int64.min)
      for _ in 0..<3 {
        window.adjust(&used, in: &kept, by: units, wall: 250 * second)
        #expect(used >= 0 && (units < 0 || used > 0))
        #expect((window.judge(&used, in: &kept, cost: units, wall: 250 * second).verdict == .admitted) == (units <= 1))
        if units == 1 { (used, kept) = (0, .min) }
      }
    }
    #expect(LimitRule.decision(concurrent: .max, used: .max, cost: 1).verdict == .refused)
    #expect(LimitRule.decision(concurrent: 3, used: 1, cost: .max).verdict == .refused)
  }
}
