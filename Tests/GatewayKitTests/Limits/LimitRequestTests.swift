import GatewayKit
import Testing

@Suite struct LimitRequestTests {
  private func claim(_ number: UInt64, isShadow: Bool = false, admitsWhenFull: Bool = false) -> LimitClaim {
    var claim = LimitClaim(key: LimitKey(high: 0, low: number), rule: .concurrent(1), cost: 1)
    claim.isShadow = isShadow
    claim.admitsWhenFull = admitsWhenFull
    return claim
  }

  private func decision(_ verdict: LimitDecision.Verdict) -> LimitDecision {
    LimitDecision(verdict, remaining: 0, fullIn: 0, retryIn: 0)
  }

  @Test func theOutcomeFollowsFromTheDecisions() {
    let request = LimitRequest()
    for claim in [claim(1), claim(2, isShadow: true), claim(3, admitsWhenFull: true)] { request.append(claim) }
    #expect(request.outcome == .pending)
    request.answer(ContiguousArray([.admitted, .refused, .noRoom].map(decision)))
    #expect(request.outcome == .admitted)
    #expect([0, 1, 2].map(request.takes) == [true, false, false])
    request.answer(ContiguousArray([.admitted, .admitted, .refused].map(decision)))
    #expect(request.outcome == .refused)
    request.answer(ContiguousArray([.noRoom, .admitted, .admitted].map(decision)))
    #expect(request.outcome == .refused)
    request.fail(.timeout)
    #expect(request.outcome == .failed(.timeout))
    request.reset()
    #expect(request.outcome == .pending && request.claims.isEmpty && request.decisions.isEmpty)
  }

  /// What was asked is kept for the store, and is not mixed up with what is asked next.
  @Test func aRequestThatIsGivenUpKeepsWhatTheStoreNeeds() {
    let request = LimitRequest()
    request.append(claim(1))
    request.places = [7]
    request.isOnItsWay = true
    let turn = request.turn
    var answers = 0
    request.wait { answers += 1 }
    request.reset()
    #expect(request.turn != turn && !request.isOnItsWay)
    request.append(claim(2))
    request.resume()
    #expect(answers == 0)
    let old = request.takeAbandoned(turn)
    #expect(old?.claims.first?.key.low == 1 && old?.places == [7])
    #expect(request.takeAbandoned(turn) == nil && request.takeAbandoned(request.turn) == nil)
    #expect(request.claims.first?.key.low == 2)
  }

  @Test func theOvershootIsWhatAllGatewaysHold() throws {
    let lease = LimitLease(batch: 20, time: 5)
    let rate = try #require(Rate(count: 1, period: .seconds(1)))
    #expect(lease.overshoot(gateways: 3) == 60 && lease.overshoot(gateways: 0) == 20)
    #expect(lease.overshoot(of: .rate(try #require(CellRate(rate: rate, burst: 1))), gateways: 3) == 60)
    #expect(lease.overshoot(of: .sliding(try #require(SlidingWindow(rate: rate))), gateways: 3) == 60)
    #expect(lease.overshoot(of: .concurrent(4), gateways: 3) == 0)
    let window = CalendarWindow(limit: 5, previous: 100, start: 200, end: 300, next: 400)
    #expect(lease.overshoot(of: .calendar(window), gateways: 3) == 0)
    #expect(LimitLease(batch: .max, time: 0).overshoot(gateways: 2) == .max)
  }
}
