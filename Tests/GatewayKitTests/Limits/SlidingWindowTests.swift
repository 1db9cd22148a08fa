import GatewayKit
import GatewayTesting
import Testing

@Suite struct SlidingWindowTests {
  private func window(_ count: Int, _ length: Int64) throws -> SlidingWindow {
    try #require(Rate(count: count, period: .nanoseconds(length)).flatMap { SlidingWindow(rate: $0) })
  }

  /// All units, each with its time.
  private struct Log {
    var taken: [(time: Int64, units: Int64)] = []

    /// Units in a span that ends now, its beginning not included.
    func units(_ length: Int64, to now: Int64) -> Int64 {
      taken.reduce(0) { $1.time > now - length ? $0 + $1.units : $0 }
    }
  }

  @Test(arguments: 0..<30) func noSpanSeesMoreThanTheLimit(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let count = seed % 3 == 0 ? Int(random.next() % 500) + 129 : Int(random.next() % 128) + 1
    let window = try window(count, 1_000_000_007)
    #expect((window.grain == 0) == (count <= 128))
    var (record, log, now) = (SlidingRecord(), Log(), Int64(5_000_000_000))
    for _ in 0..<3000 {
      now += Int64(random.next() % UInt64(3 * window.length / Int64(count) + 1))
      let cost = Int64(random.next() % 4)
      let decision = record.judge(window, cost: cost, now: now)
      let certainly = log.units(window.length + window.grain, to: now) + cost <= window.limit
      let possibly = log.units(window.length, to: now) + cost <= window.limit
      // Exactly so where there is no grain, since both are the same then.
      #expect(cost == 0 || decision.verdict == .admitted || !certainly, "refused what fits")
      #expect(cost == 0 || decision.verdict == .refused || possibly, "admitted too much")
      if decision.verdict == .admitted { log.taken.append((now, cost)) }
      #expect(record.slots.count <= SlidingWindow.mostSlots)
    }
  }

  @Test(arguments: 0..<10) func whoWaitsAsLongAsIsSaidIsAdmitted(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let window = try window(Int(random.next() % 300) + 5, 1_000_000)
    var (record, now, refused) = (SlidingRecord(), Int64(0), 0)
    for _ in 0..<2000 {
      now += Int64(random.next() % 8000)
      let cost = Int64(random.next() % 5) + 1
      let decision = record.judge(window, cost: cost, now: now)
      guard decision.verdict == .refused else { continue }
      refused += 1
      var (early, later) = (record, record)
      #expect(early.judge(window, cost: cost, now: now + decision.retryIn - 1).verdict == .refused)
      #expect(later.judge(window, cost: cost, now: now + decision.retryIn).verdict == .admitted)
      var whole = record
      #expect(whole.judge(window, cost: window.limit, now: now + decision.fullIn).verdict == .admitted)
    }
    #expect(refused > 0)
  }

  @Test func theNewestUnitsAreGivenBackFirst() throws {
    let window = try window(3, 100)
    var record = SlidingRecord()
    for now in [10, 20, 30] as [Int64] { _ = record.judge(window, cost: 1, now: now) }
    record.adjust(window, by: -2, now: 40)
    #expect(record.used == 1 && record.slots.map(\.last) == [10])
    record.adjust(window, by: 5, now: 50)
    #expect(record.judge(window, cost: 1, now: 50).verdict == .refused)
    record.adjust(window, by: -100, now: 50)
    #expect(record == SlidingRecord())
  }

  @Test func aClockThatGoesBackTakesNothingAway() throws {
    let window = try window(2, 100)
    var record = SlidingRecord()
    _ = record.judge(window, cost: 2, now: 1000)
    #expect(record.judge(window, cost: 1, now: 900).verdict == .refused)
    #expect(record.judge(window, cost: 1, now: 1100).verdict == .admitted)
  }

  @Test func extremesDoNotTrap() throws {
    #expect(Rate(count: 1, period: .nanoseconds((1 << 60) + 1)).flatMap { SlidingWindow(rate: $0) } == nil)
    let window = try window(1_000_000_000, 1 << 60)
    var record = SlidingRecord()
    for now in [0, 1 << 61] as [Int64] {
      for units in [Int64.min, -1, 0, 1, Int64.max, Int64.max, Int64.max] {
        record.adjust(window, by: units, now: now)
        let decision = record.judge(window, cost: units, now: now)
        #expect(decision.remaining >= 0 && decision.retryIn >= 0)
      }
    }
  }
}
