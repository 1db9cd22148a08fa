import Foundation
import Testing
import UserApiTokens

@testable import GatewayKit
@testable import TokenRegistry

/// When the API is asked, and for what.
@Suite struct ScheduleTests {
  private static let second = Nanoseconds.second
  /// The largest share of jitter there is of most amounts.
  private static let randoms: [UInt64] = [0, 1, .max, 12_345_678_901_234_567_890]

  private static func schedule(interval: Int64 = 10, fullEvery: Int64 = 60) -> Schedule {
    Schedule(interval: interval * second, fullEvery: fullEvery * second, now: 0)
  }

  @Test(arguments: randoms) func theNextReadingBeginsWithinTheInterval(random: UInt64) {
    var schedule = Self.schedule()
    #expect(schedule.next(hasWaiters: false) == 0)
    #expect(schedule.begin(at: 0, hasWaiters: false) == .whole)
    schedule.succeeded(began: 0, ended: Self.second, whole: true, random: random)
    #expect((Self.second * 35 / 4...Self.second * 10).contains(schedule.due))
    // An API that needs longer than the interval is asked again after a rest.
    schedule.succeeded(began: 0, ended: 40 * Self.second, whole: true, random: random)
    #expect(schedule.due == 45 * Self.second)
  }

  @Test func wholeReadingsComeAtLeastSoOften() {
    var schedule = Self.schedule()
    var (now, lastWhole): (Int64, Int64) = (0, 0)
    for round in 0..<100 {
      now = max(schedule.due, now)
      let step = schedule.begin(at: now, hasWaiters: false)
      if step == .whole { lastWhole = now }
      #expect(now - lastWhole <= 60 * Self.second)
      schedule.succeeded(began: now, ended: now, whole: step == .whole, random: Self.randoms[round % 4])
    }
    #expect(lastWhole > 0)
    var seldom = Self.schedule(interval: 3600)
    seldom.succeeded(began: 0, ended: 0, whole: true, random: 0)
    #expect(seldom.begin(at: seldom.due, hasWaiters: false) == .whole, "a longer interval has whole readings only")
  }

  @Test func afterATornFirstReadingTheNextIsWhole() {
    var schedule = Self.schedule()
    schedule.succeeded(began: 0, ended: 0, whole: false, random: 0)
    #expect(schedule.begin(at: schedule.due, hasWaiters: false) == .whole)
  }

  @Test(arguments: randoms) func failuresBackOff(random: UInt64) {
    var schedule = Self.schedule()
    for most: Int64 in [10, 20, 40, 60, 60, 60] {
      schedule.failed(at: 0, retryAfter: nil, random: random)
      #expect((most * Self.second / 2...most * Self.second).contains(schedule.due))
    }
    for _ in 0..<100 { schedule.failed(at: 0, retryAfter: nil, random: random) }
    #expect(schedule.due <= 60 * Self.second)
    schedule.failed(at: 0, retryAfter: 3600 * Self.second, random: random)
    #expect(schedule.due == 60 * Self.second)
    schedule.succeeded(began: 0, ended: 0, whole: true, random: random)
    schedule.failed(at: 0, retryAfter: nil, random: random)
    #expect(schedule.due <= 10 * Self.second)
    var seldom = Self.schedule(interval: 3600)
    seldom.failed(at: 0, retryAfter: nil, random: random)
    #expect(seldom.due <= 60 * Self.second, "recovery is noticed within a minute")
  }

  @Test func whoWaitsBeginsAReadingAtMostOnceASecond() {
    var schedule = Self.schedule()
    schedule.succeeded(began: 0, ended: 0, whole: true, random: 0)
    #expect(schedule.next(hasWaiters: true) <= 0)
    #expect(schedule.begin(at: 5, hasWaiters: true) == .probe)
    schedule.succeeded(began: 5, ended: 6, whole: false, random: 0)
    #expect(schedule.next(hasWaiters: true) == 5 + Self.second)
    #expect(schedule.next(hasWaiters: false) == 5 + 10 * Self.second)
    // One that is due anyhow is no early one.
    _ = schedule.begin(at: schedule.due, hasWaiters: true)
    #expect(schedule.next(hasWaiters: true) == 5 + Self.second)
  }

  @Test func marks() throws {
    let now = 1_800_000_000 * Self.second
    func page(_ count: Int?, _ id: String?, secondsAgo: Double?, field: SortField? = .lastUpdated) -> ApiTokens {
      var items: [ApiToken] = []
      if let id {
        var token = ApiToken(id: id)
        token.lastUpdated = secondsAgo.map { Date(timeIntervalSince1970: 1_800_000_000 - $0) }
        items = [token]
      }
      var page = ApiTokens(items: items)
      page.totalCount = count
      page.sortField = field
      return page
    }
    func mark(_ page: ApiTokens) -> ListMark? { ListMark(page, at: now) }
    let mine = try #require(mark(page(3, "a", secondsAgo: 5)))
    #expect(mine == mark(page(3, "a", secondsAgo: 5, field: nil)))
    for other in [page(4, "a", secondsAgo: 5), page(3, "b", secondsAgo: 5), page(3, "a", secondsAgo: 4)] {
      #expect(mark(other) != nil && mark(other) != mine)
    }
    #expect(mark(page(0, nil, secondsAgo: nil)) != nil)
    for unfit in [
      page(nil, "a", secondsAgo: 5), page(3, nil, secondsAgo: nil), page(3, "a", secondsAgo: nil),
      page(0, "a", secondsAgo: 5), page(3, "a", secondsAgo: 5, field: .name), page(3, "a", secondsAgo: 1),
      page(3, "a", secondsAgo: -100),
    ] { #expect(mark(unfit) == nil) }
  }

  @Test func times() {
    #expect(Nanoseconds.from(milliseconds: 5) == 5_000_000)
    #expect(Nanoseconds.from(milliseconds: .max) == .max && Nanoseconds.from(milliseconds: .min) == .min)
    #expect(Nanoseconds.from(.milliseconds(1500)) == 1_500_000_000)
    var token = ApiToken(id: "a")
    token.expirationDate = .distantFuture
    #expect(ListedToken(token).expiry > 0)
    token.expirationDate = Date(timeIntervalSince1970: -5)
    #expect(ListedToken(token).expiry == -5_000_000_000)
  }
}
