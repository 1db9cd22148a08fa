import GatewayKit
import Testing

/// No domain takes all the memory for callers.
@Suite struct OwnersTests {
  private func admitted(_ store: MemoryLimitStore, _ number: UInt64, owner: UInt16, at second: Int64 = 0) throws -> Bool
  {
    let rate = try #require(Rate(count: 1, period: .seconds(3600)))
    let rule = try #require(CellRate(rate: rate, burst: 1))
    let request = LimitRequest()
    var claim = LimitClaim(
      key: LimitKey(high: number, low: number &* 0x9E37_79B9_7F4A_7C15), rule: .rate(rule), cost: 1)
    claim.owner = owner
    request.append(claim)
    store.take(request, now: LimitTime(monotonic: second * 1_000_000_000, wall: second * 1_000_000_000))
    return request.outcome == .admitted
  }

  @Test func aFloodOfOneLeavesRoomForOthers() throws {
    let store = MemoryLimitStore(entries: 1000)
    var flood = 0
    for number in UInt64(0)..<5000 where try admitted(store, number, owner: 7) { flood += 1 }
    #expect((930...945).contains(flood))
    // A second one has its part of what is left, and a third of what is left then.
    var second = 0
    for number in UInt64(10_000)..<11_000 where try admitted(store, number, owner: 8) { second += 1 }
    #expect((30...60).contains(second))
    #expect(try admitted(store, 20_000, owner: 9))
    // Whoever is counted already stays so: the next request is judged, not turned away.
    #expect(try !admitted(store, 0, owner: 7))
    // When its callers' allowances are whole they make room.
    #expect(try admitted(store, 30_000, owner: 7, at: 3600))
  }
}
