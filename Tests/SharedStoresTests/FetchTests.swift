import GatewayKit
import GatewayTesting
import SharedStores
import Testing

/// Units that are fetched before those that are held are used up.
@Suite struct FetchTests {
  private let lease = LimitLease(batch: 200, time: 1000)

  private func entry() throws -> (LeaseEntry, LimitClaim) {
    let claim = try LimitClaim.rate(1, 10, .seconds(1), burst: 1000, lease: lease)
    var entry = LeaseEntry(key: claim.key, rule: claim.rule, time: lease.time)
    let wish = entry.ask(claim, part: 100, now: 0)
    entry.granted(wish, of: wish, claim, decision, asked: 0, period: 0)
    return (entry, claim)
  }

  private let decision = LimitDecision(.admitted, remaining: 500, fullIn: 500, retryIn: 0)

  private func take(_ units: Int, of entry: inout LeaseEntry) {
    for _ in 0..<units { entry.take(1, now: 1) }
  }

  @Test func beginsAtAQuarterAndNeverHoldsMore() throws {
    var (entry, claim) = try entry()
    take(75, of: &entry)
    #expect(!entry.isLow)
    take(1, of: &entry)
    #expect(entry.isLow)
    #expect(entry.fetch(part: 100) == 76 && entry.available + entry.wanted == 100)
    // One at a time; a request that finds too little asks for itself only.
    #expect(!entry.isLow && entry.fetch(part: 100) == 0)
    claim.cost = 30
    #expect(entry.ask(claim, part: 100, now: 1) == 0)
    claim.cost = 0
    entry.granted(76, of: 76, claim, decision, asked: 1, period: 0)
    #expect(entry.available == 100 && entry.wanted == 0)
  }

  /// What was used up during a round trip is left for the next one.
  @Test func beginsEarlierWhenMuchIsAskedFor() throws {
    var (entry, claim) = try entry()
    take(76, of: &entry)
    _ = entry.fetch(part: 100)
    take(24, of: &entry)
    // Those that find nothing ask; the first one for what was taken since, too.
    let wishes = (0..<16).map { _ in entry.ask(claim, part: 100, now: 1) }
    #expect(wishes == [24] + Array(repeating: 0, count: 15))
    claim.cost = 0
    entry.granted(76, of: 76, claim, decision, asked: 1, period: 0)
    claim.cost = 1
    for wish in wishes { entry.granted(wish, of: wish, claim, decision, asked: 1, period: 0) }
    #expect(entry.available == 100)
    take(60, of: &entry)
    #expect(entry.available == 40 && !entry.isLow)
    take(1, of: &entry)
    #expect(entry.isLow)
  }

  /// Others need the rest: nothing is fetched until a request has found that there is plenty again.
  @Test func endsWhereLittleIsLeft() throws {
    var (entry, claim) = try entry()
    take(80, of: &entry)
    let wish = entry.fetch(part: 100)
    claim.cost = 0
    entry.granted(3, of: wish, claim, decision, asked: 1, period: 0)
    take(23, of: &entry)
    #expect(!entry.isLow)
    claim.cost = 1
    let next = entry.ask(claim, part: 100, now: 2)
    entry.granted(next, of: next, claim, decision, asked: 2, period: 0)
    take(76, of: &entry)
    #expect(entry.isLow)
    // Nor is it where there is no answer.
    let lost = entry.fetch(part: 100)
    entry.failed(lost)
    #expect(!entry.isLow && entry.wanted == 0)
  }

  /// A look that brings nothing says nothing of a refusal.
  @Test func aRefusalOutlivesAnEmptyFetch() throws {
    var (entry, claim) = try entry()
    take(80, of: &entry)
    let wish = entry.fetch(part: 100)
    take(20, of: &entry)
    let none = entry.ask(claim, part: 100, now: 1)
    entry.refused(claim, of: none, LimitDecision(.refused, remaining: 0, fullIn: 900, retryIn: 400), asked: 1)
    claim.cost = 0
    entry.granted(0, of: wish, claim, decision, asked: 1, period: 0)
    claim.cost = 1
    #expect(entry.judge(claim, now: 100)?.verdict == .refused)
  }

  /// The server may have turned to the next period before the gateway: what is left of the one before is dropped.
  @Test func periodsAreNotMixed() throws {
    let claim = LimitClaim.daily(1, 100, cost: 2, lease: lease)
    var entry = LeaseEntry(key: claim.key, rule: claim.rule, time: lease.time)
    _ = entry.ask(claim, part: 5, now: 0)
    entry.granted(5, of: 5, claim, decision, asked: 0, period: 1)
    entry.take(4, now: 1)
    #expect(entry.ask(claim, part: 5, now: 2) == 4)
    entry.granted(4, of: 4, claim, decision, asked: 2, period: 2)
    #expect(entry.available == 4)
    #expect(entry.letGo()?.period == 2)
  }

  /// What cannot be given back is kept while its period lasts, and used.
  @Test func aPeriodsUnitsAreKeptWhileNobodyCanBeTold() throws {
    let claim = LimitClaim.daily(1, 100, lease: lease)
    var entry = LeaseEntry(key: claim.key, rule: claim.rule, time: 100)
    _ = entry.ask(claim, part: 5, now: 0)
    entry.granted(5, of: 5, claim, decision, asked: 0, period: 1)
    #expect(entry.isOverdue(now: 100) && !entry.isOverdue(now: 100, isHeard: false))
    #expect(entry.judge(claim, now: 499) != nil && entry.judge(claim, now: 500) == nil)
    #expect(entry.isOverdue(now: 500, isHeard: false))
  }

  /// Units at a time are the gateway's as long as the server's record of them lasts.
  @Test func unitsThatTheServerMayHaveForgottenAreNotUsed() throws {
    let claim = LimitClaim.concurrent(1, 100, lease: LimitLease(batch: 20, time: 1 << 50))
    var entry = LeaseEntry(key: claim.key, rule: claim.rule, time: 1 << 50)
    _ = entry.ask(claim, part: 10, now: 0)
    entry.granted(10, of: 10, claim, decision, asked: 0, period: 0)
    #expect(entry.judge(claim, now: HeldUnits.life - 1) != nil)
    #expect(entry.judge(claim, now: HeldUnits.life) == nil && entry.isOverdue(now: HeldUnits.life))
    #expect(entry.giveBack(1, of: claim.rule, now: HeldUnits.life) == 0)
    entry.renewed(asked: 50)
    #expect(entry.judge(claim, now: HeldUnits.life + 49) != nil)
    #expect(entry.letGoOfOld(for: claim.rule, now: HeldUnits.life + 50)?.units == -10)
  }
}
