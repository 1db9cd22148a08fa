import GatewayKit
import GatewayTesting
import Testing

@Suite struct MemoryLimitStoreTests {
  private static let start = LimitTime(monotonic: 1_000_000_000_000, wall: 1_795_449_600_000_000_000)

  private func rate() throws -> CellRate {
    try #require(Rate(count: 10, period: .seconds(1)).flatMap { CellRate(rate: $0, burst: 5) })
  }

  private func key(_ number: UInt64) -> LimitKey {
    var random = SplitMix(state: number)
    return LimitKey(high: random.next(), low: random.next())
  }

  private func take(
    _ store: MemoryLimitStore, _ rule: LimitRule, _ number: UInt64, cost: Int64 = 1, after nanoseconds: Int64 = 0
  ) -> LimitDecision {
    let request = LimitRequest()
    request.append(LimitClaim(key: key(number), rule: rule, cost: cost))
    store.take(request, now: later(nanoseconds))
    return request.decisions[0]
  }

  private func later(_ nanoseconds: Int64) -> LimitTime {
    LimitTime(monotonic: Self.start.monotonic + nanoseconds, wall: Self.start.wall + nanoseconds)
  }

  @Test(arguments: [1_000_000, 1024, 200]) func conforms(entries: Int) async throws {
    try await LimitStoreConformance.check(LimitStoreConformance.Subject([MemoryLimitStore(entries: entries)], loops: 3))
  }

  /// Units in advance are for stores that are shared: with leases it is as exact as without.
  @Test func knowsNoLeases() async throws {
    let lease = LimitLease(batch: 1, time: 1)
    try await LimitStoreConformance.check(
      LimitStoreConformance.Subject([MemoryLimitStore()], loops: 2, lease: lease), seeds: 0..<2)
  }

  @Test func isBoundedAndDropsOnlyTheIdle() throws {
    let (store, rate) = (MemoryLimitStore(entries: 500), try rate())
    for number in 0..<UInt64(500) { #expect(take(store, .rate(rate), number).verdict == .admitted) }
    // Everybody is busy: nobody is dropped for a new caller.
    for number in UInt64(500)..<1000 { #expect(take(store, .rate(rate), number).verdict == .noRoom) }
    #expect(store.count == 500)
    for number in 0..<UInt64(500) { #expect(take(store, .rate(rate), number).remaining == 3) }
    // All allowances are whole again: new callers find room, and the table holds no more than it may.
    for number in UInt64(1000)..<1500 {
      #expect(take(store, .rate(rate), number, after: rate.tolerance).verdict == .admitted)
    }
    #expect(store.count <= 500)
  }

  @Test func isBoundedInBytes() throws {
    let most = 1 << 20
    let store = MemoryLimitStore(entries: 1_000_000, bytes: most)
    let window = try #require(Rate(count: 1000, period: .seconds(60)).flatMap { SlidingWindow(rate: $0) })
    var full = 0
    for round in 0..<40 as Range<Int64> {
      for number in 0..<UInt64(1000) {
        let decision = take(store, .sliding(window), number, after: round * window.grain * 2)
        if decision.verdict == .noRoom { full += 1 }
      }
      #expect(store.bytes <= most)
    }
    #expect(full > 0 && store.bytes > most / 8)
    // Nothing is left of windows that have passed.
    for number in UInt64(5000)..<5100 {
      #expect(take(store, .sliding(window), number, after: 100 * window.length).verdict == .admitted)
    }
    #expect(store.bytes <= most)
  }

  @Test func forgetsNobodyWhoIsBusy() throws {
    let (store, rate) = (MemoryLimitStore(entries: 100_000), try rate())
    var (kept, random, now, wrong) = ([UInt64: Int64](), SplitMix(state: 3), Int64(0), 0)
    // Keys come and go, so that buckets are split and swept all the time.
    for _ in 0..<200_000 {
      now += Int64(random.next() % 20_000)
      let number = random.next() % 30_000
      let monotonic = later(now).monotonic
      var arrival = kept[number] ?? monotonic
      let wanted = rate.judge(&arrival, cost: 1, now: monotonic)
      kept[number] = arrival
      if take(store, .rate(rate), number, after: now) != wanted { wrong += 1 }
    }
    #expect(wrong == 0)
    #expect(store.count > 1000)
  }

  @Test func shrinksWithTheTraffic() throws {
    let (store, rate) = (MemoryLimitStore(entries: 100_000), try rate())
    for number in 0..<UInt64(20_000) { _ = take(store, .rate(rate), number) }
    let busy = store.count
    for number in UInt64(20_000)..<40_000 { _ = take(store, .rate(rate), number, after: rate.tolerance) }
    #expect(busy == 20_000)
    #expect(store.count <= 21_000)
  }

  /// Callers of several stripes, from several threads, in any order: all of it is taken or nothing, and nobody waits for
  /// somebody who waits for them.
  @Test(.timeLimit(.minutes(1))) func threadsTogetherGetExactlyWhatThereIs() async throws {
    let slow = try #require(Rate(count: 1, period: .seconds(100_000)))
    let rule = LimitRule.rate(try #require(CellRate(rate: slow, burst: 1000)))
    let store = MemoryLimitStore(entries: 100_000)
    let admitted = await withTaskGroup(of: Int.self) { group in
      for task in 0..<4 {
        group.addTask { @concurrent in
          var random = SplitMix(state: UInt64(task))
          return (0..<5000).count { _ in
            let request = LimitRequest()
            // The first one is asked by all, the others differ.
            var numbers: [UInt64] = [1, 2 + random.next() % 50, 60 + random.next() % 50, 120 + random.next() % 50]
            numbers.shuffle(using: &random)
            for number in numbers { request.append(LimitClaim(key: key(number), rule: rule, cost: 1)) }
            store.take(request, now: Self.start)
            return request.outcome == .admitted
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 1000)
    let taken = (UInt64(2)..<170).reduce(Int64(0)) { $0 + 1000 - take(store, rule, $1, cost: 0).remaining }
    #expect(taken == 3000)
  }
}
