import GatewayKit
import GatewayTesting
import SharedStores
import Testing

@Suite struct LeaseEntryTests {
  private let time: Int64 = 1000

  private func claim(cost: Int64 = 1) throws -> LimitClaim {
    try .rate(1, 10, .seconds(1), burst: 100, cost: cost, lease: LimitLease(batch: 20, time: time))
  }

  private func entry(granted units: Int64, of wish: Int64 = 10, at now: Int64 = 0) throws -> LeaseEntry {
    let claim = try claim()
    var entry = LeaseEntry(key: claim.key, rule: claim.rule, time: time)
    let wanted = entry.ask(claim, part: wish, now: now)
    #expect(wanted == wish)
    let decision = LimitDecision(.admitted, remaining: 50, fullIn: 500, retryIn: 0)
    entry.granted(units, of: wish, claim, decision, asked: now, period: 0)
    return entry
  }

  @Test func unitsAreTakenUntilNoneAreLeft() throws {
    var (entry, claim) = (try entry(granted: 3), try claim(cost: 2))
    #expect(entry.judge(claim, now: 10) == LimitDecision(.admitted, remaining: 48, fullIn: 490, retryIn: 0))
    entry.take(2, now: 10)
    #expect(entry.judge(claim, now: 10) == nil)
    claim.cost = 1
    #expect(entry.judge(claim, now: 10)?.remaining == 47)
    claim.cost = 0
    entry.take(1, now: 10)
    #expect(entry.judge(claim, now: 10)?.verdict == .admitted)
  }

  @Test func unitsAreNotUsedLongerThanTheirTime() throws {
    var entry = try entry(granted: 3)
    #expect(try entry.judge(claim(), now: time - 1) != nil)
    #expect(try entry.judge(claim(), now: time) == nil)
    #expect(try entry.isStale(for: claim().rule, now: time) && entry.isOverdue(now: time))
    #expect(entry.letGo()?.units == -3)
    #expect(entry.letGo() == nil && entry.available == 0)
  }

  /// Units that are left when more come are no younger for it.
  @Test func theOldestUnitSaysForAll() throws {
    var entry = try entry(granted: 1)
    let claim = try claim(cost: 2)
    #expect(entry.ask(claim, part: 10, now: 600) == 9)
    let decision = LimitDecision(.admitted, remaining: 50, fullIn: 500, retryIn: 0)
    entry.granted(9, of: 9, claim, decision, asked: 600, period: 0)
    #expect(entry.available == 10 && entry.isOverdue(now: time))
    // It goes, and the others stay for their own time.
    #expect(entry.letGoOfOld(for: claim.rule, now: time)?.units == -1)
    #expect(entry.available == 9 && !entry.isOverdue(now: time + 599) && entry.isOverdue(now: time + 600))
  }

  @Test func aRefusalIsRememberedUntilItMayBeOver() throws {
    var entry = try entry(granted: 0)
    let claim = try claim(cost: 5)
    let wish = entry.ask(claim, part: 10, now: 0)
    entry.refused(claim, of: wish, LimitDecision(.refused, remaining: 3, fullIn: 900, retryIn: 400), asked: 0)
    #expect(entry.wanted == 0)
    #expect(entry.judge(claim, now: 399)?.verdict == .refused && entry.judge(claim, now: 399)?.retryIn == 1)
    #expect(entry.judge(claim, now: 100)?.remaining == 3)
    #expect(entry.judge(claim, now: 400) == nil)
    // Less may be admitted.
    #expect(try entry.judge(self.claim(cost: 4), now: 1) == nil)
    entry.refused(claim, of: 0, LimitDecision(.refused, remaining: 0, fullIn: 0, retryIn: 1 << 40), asked: 0)
    #expect(entry.judge(claim, now: time - 1)?.verdict == .refused)
    #expect(entry.judge(claim, now: time) == nil)
  }

  @Test func notMoreIsHeldThanThePart() throws {
    var entry = try entry(granted: 4, of: 10)
    let rule = try claim().rule
    #expect(entry.giveBack(3, of: rule, now: 1) == 3)
    #expect(entry.giveBack(9, of: rule, now: 1) == 3)
    #expect(entry.available == 10)
    #expect(entry.giveBack(1, of: rule, now: 1) == 0)
    #expect(entry.charge(10, of: rule, now: 1) && !entry.charge(1, of: rule, now: 1))
    // What is on its way counts.
    #expect(try entry.ask(claim(), part: 10, now: 1) == 10)
    #expect(try entry.ask(claim(), part: 10, now: 1) == 0)
    #expect(entry.giveBack(1, of: rule, now: 1) == 0)
    entry.failed(10)
    entry.failed(0)
    #expect(entry.wanted == 0)
    #expect(!entry.isIdle(now: time) && entry.isIdle(now: time + 1))
  }

  @Test func aPeriodsUnitsAreNotUsedInAnother() {
    let lease = LimitLease(batch: 20, time: 1 << 50)
    let today = LimitClaim.daily(1, 100, lease: lease)
    guard case .calendar(let day) = today.rule else { return }
    let next = CalendarWindow(
      limit: 100, previous: day.start, start: day.end, end: day.next, next: day.next + 86_400)
    var tomorrow = LimitClaim(key: today.key, rule: .calendar(next), cost: 1)
    tomorrow.lease = lease
    var entry = LeaseEntry(key: today.key, rule: today.rule, time: lease.time)
    let wish = entry.ask(today, part: 10, now: 0)
    let decision = LimitDecision(.admitted, remaining: 80, fullIn: 500, retryIn: 0)
    entry.granted(wish, of: wish, today, decision, asked: 0, period: day.start)
    // By the server's clock the period ends in 500.
    #expect(entry.judge(today, now: 499) != nil && entry.judge(today, now: 500) == nil)
    // By the gateway's it has ended already.
    #expect(entry.judge(tomorrow, now: 0) == nil && entry.isStale(for: tomorrow.rule, now: 0))
    #expect(entry.giveBack(1, of: tomorrow.rule, now: 0) == 0)
    #expect(entry.letGo()?.period == day.start)
  }
}

@Suite struct LeaseBudgetTests {
  private let key = LimitKey(high: 1, low: 2)

  /// Whatever loops ask in whatever order, together they hold no more than the batch; those that are busy come to equal
  /// parts.
  @Test(arguments: 0..<20) func loopsNeverHoldMoreThanTheBatch(seed: UInt64) {
    var random = SplitMix(state: seed)
    let (budget, batch) = (LeaseBudget(), Int64(random.next() % 200) + 1)
    var parts = Array(repeating: Int64(0), count: Int(random.next() % 6) + 1)
    for _ in 0..<500 {
      let loop = Int(random.next() % UInt64(parts.count))
      if random.next() % 8 == 0 {
        budget.release(parts[loop], of: key)
        parts[loop] = 0
      } else {
        let used = Int64(random.next() % UInt64(parts[loop] + 1))
        parts[loop] = budget.part(of: batch, for: key, now: parts[loop], used: used)
        #expect(parts[loop] >= used)
      }
      #expect(parts.reduce(0, +) <= batch && budget.held(of: key) == parts.reduce(0, +))
    }
    for _ in 0..<50 {
      for loop in parts.indices { parts[loop] = budget.part(of: batch, for: key, now: parts[loop], used: 0) }
    }
    let fair = batch / Int64(parts.count + 1)
    #expect(parts.allSatisfy { abs($0 - fair) <= Int64(parts.count) })
  }

  @Test func isBounded() {
    let budget = LeaseBudget(entries: 16)
    var held = 0
    for number in 0..<UInt64(1000) {
      let key = LimitKey(high: number, low: number)
      if budget.part(of: 10, for: key, now: 0, used: 0) > 0 { held += 1 }
    }
    #expect(held == 16)
  }
}

@Suite struct LeaseTableTests {
  private func claim(_ random: inout SplitMix) throws -> LimitClaim {
    var claim = try LimitClaim.rate(1, 10, .seconds(1), burst: 100, lease: LimitLease(batch: 2, time: 100))
    // Few places, so that keys stand in each other's way.
    claim.key = LimitKey(high: random.next(), low: random.next() % 40)
    return claim
  }

  @Test(arguments: 0..<10) func findsWhatIsThereAndNothingElse(seed: UInt64) throws {
    var (random, now) = (SplitMix(state: seed), Int64(0))
    var table = LeaseTable(budget: LeaseBudget(), most: 300)
    var times: [LimitKey: Int64] = [:]
    for _ in 0..<5000 {
      now += Int64(random.next() % 3)
      let claim = try claim(&random)
      let lease = try #require(claim.lease)
      if let place = table.findOrInsert(claim, lease, now: now) {
        // Touched, and with no answer to come.
        table.update(place) { entry in
          let wish = entry.ask(claim, part: 1, now: now)
          entry.failed(wish)
        }
        times[claim.key] = now
      } else {
        let count = table.count
        #expect(count == 300)
      }
      table.sweep(now: now, looks: Int(random.next() % 30), changes: 4) { _ in }
      if random.next() % 50 == 0 {
        let lost = times.count { key, touched in touched + 100 > now && table.find(key) == nil }
        let stranger = table.find(LimitKey(high: 1, low: 1))
        #expect(lost == 0 && stranger == nil)
      }
    }
    for _ in 0..<10 { table.sweep(now: now + 1000, looks: 1024, changes: 1024) { _ in } }
    let count = table.count
    #expect(count == 0)
  }

  @Test func letsGoOfWhatWasHeldTooLong() throws {
    let budget = LeaseBudget()
    var table = LeaseTable(budget: budget)
    var random = SplitMix(state: 1)
    var keys: [LimitKey] = []
    for _ in 0..<50 {
      let claim = try claim(&random)
      let lease = try #require(claim.lease)
      let found = table.findOrInsert(claim, lease, now: 0)
      let place = try #require(found)
      let wish = table.ask(claim, lease, at: place, now: 0)
      #expect(wish == 1 && budget.held(of: claim.key) == 1)
      let decision = LimitDecision(.admitted, remaining: 5, fullIn: 5, retryIn: 0)
      table.update(place) { $0.granted(wish, of: wish, claim, decision, asked: 0, period: 0) }
      keys.append(claim.key)
    }
    var changes: [LimitChange] = []
    table.sweep(now: 99, looks: 1000, changes: 1000) { changes.append($0) }
    #expect(changes.isEmpty)
    table.sweep(now: 100, looks: 1000, changes: 10) { changes.append($0) }
    #expect(changes.count == 10)
    for _ in 0..<2 { table.sweep(now: 100, looks: 1000, changes: 1000) { changes.append($0) } }
    #expect(Set(changes.map(\.key)) == Set(keys) && changes.allSatisfy { $0.units == -1 })
    let count = table.count
    #expect(count == 0 && keys.allSatisfy { budget.held(of: $0) == 0 })
  }
}
