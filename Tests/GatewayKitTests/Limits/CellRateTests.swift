import GatewayKit
import GatewayTesting
import Testing

@Suite struct CellRateTests {
  /// The bucket that GCRA is another form of: `burst` units, one comes back in `interval`, counted as exact fractions.
  private struct Bucket {
    let rate: CellRate
    /// Units times the interval, in nanoseconds.
    var level: Int64
    var time: Int64 = 0

    init(_ rate: CellRate) {
      self.rate = rate
      level = rate.tolerance
    }

    mutating func pass(to now: Int64) {
      level = min(rate.tolerance, level + (now - time))
      time = now
    }

    /// - Parameter patience: how far below nothing it may go.
    mutating func take(_ cost: Int64, patience: Int64) -> Bool {
      guard level + patience >= cost * rate.interval else { return false }
      level -= cost * rate.interval
      return true
    }
  }

  @Test(arguments: 0..<40) func admitsExactlyWhatABucketAdmits(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let count = Int(random.next() % 1000) + 1
    let rate = try #require(Rate(count: count, period: .seconds(Int64(random.next() % 60) + 1)))
    let cells = try #require(CellRate(rate: rate, burst: Int(random.next() % 50) + 1))
    var (bucket, arrival, now, wrong) = (Bucket(cells), Int64(0), Int64(0), 0)
    for _ in 0..<4000 {
      now += Int64(random.next() % UInt64(2 * cells.interval + 1))
      let cost = Int64(random.next() % 3)
      let patience = random.next() % 4 == 0 ? Int64(random.next() % UInt64(3 * cells.interval)) : 0
      bucket.pass(to: now)
      let before = bucket.level
      let decision = cells.judge(&arrival, cost: cost, now: now, patience: patience)
      let fits = cost == 0 || cost <= cells.burst && bucket.take(cost, patience: patience)
      if (decision.verdict == .admitted) != fits { wrong += 1 }
      if decision.remaining != max(0, bucket.level) / cells.interval { wrong += 1 }
      if decision.verdict == .refused, cost <= cells.burst, decision.retryIn != cost * cells.interval - before {
        wrong += 1
      }
      // Who waits so long finds the units.
      if cost > 0, fits, decision.delay != max(0, -bucket.level) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func unitsAreChargedAndGivenBack() throws {
    let cells = try #require(Rate(count: 10, period: .seconds(1)).flatMap { CellRate(rate: $0, burst: 5) })
    var arrival: Int64 = 0
    cells.adjust(&arrival, by: 7, now: 1000)
    // Overdrawn: a look passes, a unit must wait for two and itself.
    #expect(cells.judge(&arrival, cost: 0, now: 1000).verdict == .admitted)
    let decision = cells.judge(&arrival, cost: 1, now: 1000)
    #expect(decision.verdict == .refused && decision.retryIn == 3 * cells.interval)
    cells.adjust(&arrival, by: -4, now: 1000)
    #expect(cells.judge(&arrival, cost: 2, now: 1000).verdict == .admitted)
    // Nothing is had twice: what came back by itself is not given back.
    cells.adjust(&arrival, by: -100, now: 1000)
    #expect(cells.judge(&arrival, cost: 5, now: 1000).verdict == .admitted)
    #expect(cells.judge(&arrival, cost: 1, now: 1000).verdict == .refused)
  }

  @Test func roundsInFavourOfTheOrigin() throws {
    let rate = try #require(Rate(count: 7, period: .seconds(1)))
    #expect(CellRate(rate: rate, burst: 7)?.interval == 142_857_143)
  }

  @Test func refusesRatesThatWouldOverflow() throws {
    let slow = try #require(Rate(count: 1, period: .seconds(36_500 * 86_400)))
    #expect(CellRate(rate: slow, burst: 1_000_000_000) == nil)
    #expect(CellRate(rate: slow, burst: 0) == nil)
    let fast = try #require(Rate(count: 1_000_000_000, period: .milliseconds(1)))
    #expect(CellRate(rate: fast, burst: 1_000_000_000)?.interval == 1)
  }

  @Test func extremesDoNotTrap() throws {
    let rate = try #require(Rate(count: 1, period: .seconds(1)))
    let cells = try #require(CellRate(rate: rate, burst: 1_000_000_000))
    for now in [0, 1 << 61] as [Int64] {
      for cost in [Int64.min, -1, 0, 1, 1_000_000_000, Int64.max] {
        var arrival: Int64 = now
        let decision = cells.judge(&arrival, cost: cost, now: now, patience: 1 << 60)
        #expect((decision.verdict == .admitted) == (cost <= 1_000_000_000))
        #expect(decision.remaining >= 0 && decision.retryIn >= 0)
        cells.adjust(&arrival, by: cost, now: now)
        cells.adjust(&arrival, by: cost, now: now)
        #expect(arrival <= now + CellRate.longestTolerance)
      }
    }
  }
}
