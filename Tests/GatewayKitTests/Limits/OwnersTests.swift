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

  private func slides(
    _ store: MemoryLimitStore, _ number: UInt64, owner: UInt16, at second: Int64 = 0, beside other: UInt64? = nil
  ) throws -> LimitDecision.Verdict {
    let request = LimitRequest()
    let rate = try #require(Rate(count: 100, period: .seconds(3600)))
    let window = try #require(SlidingWindow(rate: rate))
    var claim = LimitClaim(
      key: LimitKey(high: number, low: number &* 0x9E37_79B9_7F4A_7C15), rule: .sliding(window), cost: 1)
    claim.owner = owner
    request.append(claim)
    if let other {
      claim.key = LimitKey(high: other, low: other &* 0x9E37_79B9_7F4A_7C15)
      request.append(claim)
    }
    store.take(request, now: LimitTime(monotonic: second * 1_000_000_000, wall: second * 1_000_000_000))
    return request.decisions[0].verdict
  }

  /// Records of sliding windows take far more than their callers: bytes are shared out like callers are.
  @Test func recordsOfOneLeaveRoomForOthers() throws {
    let store = MemoryLimitStore(entries: 1000, bytes: 400_000)
    for second in Int64(1)..<60 {
      for number in UInt64(0)..<300 { _ = try slides(store, number, owner: 7, at: second) }
    }
    #expect(store.bytes < 385_000)
    #expect(try (UInt64(5000)..<5300).contains { try slides(store, $0, owner: 7, at: 60) == .noRoom })
    #expect(try slides(store, 10_000, owner: 8, at: 60) == .admitted)
    #expect(try admitted(store, 20_000, owner: 9, at: 60))
  }

  /// A caller who is there already makes room for what it needs as one who comes does.
  @Test(arguments: [nil, 1] as [UInt64?])
  func whoIsThereDropsThoseWhoseWindowIsOver(beside other: UInt64?) throws {
    let store = MemoryLimitStore(entries: 1000, bytes: 100_000)
    for second in Int64(1)..<60 {
      for number in UInt64(0)..<300 { _ = try slides(store, number, owner: 0, at: second) }
    }
    #expect(try slides(store, 0, owner: 0, at: 59) == .noRoom)
    for second in Int64(7200)..<7240 {
      #expect(try slides(store, 0, owner: 0, at: second, beside: other) == .admitted)
    }
  }
}
