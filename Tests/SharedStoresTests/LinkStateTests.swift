import GatewayKit
import NIOCore
import SharedStores
import Testing

@Suite struct LinkStateTests {
  private static let millisecond: Int64 = 1_000_000
  private static let second: Int64 = 1_000_000_000

  /// A link whose first connection is there since `now`.
  private func ready(_ now: Int64 = 0) -> LinkState {
    var state = LinkState()
    _ = state.ask()
    _ = state.connected(now: now)
    return state
  }

  @Test func onlyTheFirstConnectionIsWaitedFor() {
    var state = LinkState()
    #expect(state.ask() == .connectAndWait)
    #expect(state.ask() == .wait)
    let loss = state.lost(now: 0, isAtRest: false)
    #expect(loss == LinkState.Loss(rest: 50 * Self.millisecond, isFirst: true))
    #expect(state.ask() == .fail(.resting))
    let tries = state.rested()
    #expect(tries && state.ask() == .fail(.resting))
    let isBack = state.connected(now: 0)
    #expect(isBack && state.ask() == .send)
  }

  @Test func restsTwiceAsLongEachTime() {
    var (state, rests) = (LinkState(), [Int64]())
    _ = state.ask()
    for _ in 0..<8 {
      let loss = state.lost(now: 0, isAtRest: false)
      rests.append((loss.rest ?? 0) / Self.millisecond)
      #expect(loss.isFirst == (rests.count == 1))
      _ = state.rested()
    }
    #expect(rests == [50, 100, 200, 400, 800, 1600, 2000, 2000])
    #expect(LinkState.rest(after: 0) == 50 * Self.millisecond && LinkState.rest(after: .max) == 2 * Self.second)
  }

  /// One that answers a greeting and nothing else: it is no better for having been connected to.
  @Test func aConnectionThatDoesNotLastIsAFailure() {
    var state = ready()
    #expect(state.lost(now: Self.second, isAtRest: false).rest == 50 * Self.millisecond)
    _ = state.rested()
    _ = state.connected(now: Self.second)
    #expect(state.lost(now: 2 * Self.second, isAtRest: true).rest == 100 * Self.millisecond)
    _ = state.rested()
    _ = state.connected(now: 3 * Self.second)
    // This one lasted.
    #expect(state.lost(now: 6 * Self.second, isAtRest: false).rest == 50 * Self.millisecond)
  }

  @Test func aServerMayCloseAtRest() {
    var state = ready()
    #expect(state.lost(now: 3 * Self.second, isAtRest: true) == LinkState.Loss(reconnects: true))
    #expect(state.ask() == .wait)
    let isBack = state.connected(now: 4 * Self.second)
    #expect(!isBack && state.ask() == .send)
  }

  /// Once at its beginning and once at its end, however often it is tried.
  @Test func anOutageIsToldOnce() {
    var (state, told) = (ready(), 0)
    for round in 0..<5 as Range<Int64> {
      if state.lost(now: round, isAtRest: false).isFirst { told += 1 }
      _ = state.rested()
    }
    let isBack = state.connected(now: 10)
    #expect(told == 1 && isBack)
    #expect(state.lost(now: 20, isAtRest: false).isFirst)
  }

  @Test func whatIsOverStaysOver() {
    var state = ready()
    state.end()
    #expect(state.ask() == .fail(.unreachable))
    #expect(state.lost(now: 0, isAtRest: false) == LinkState.Loss())
    let (tries, isBack) = (state.rested(), state.connected(now: 0))
    #expect(!tries && !isBack && state.phase == .over)
  }
}

@Suite struct KnownAddressesTests {
  @Test func lateOnesAreUsedOnceAtOnceAndKept() throws {
    let first = [try SocketAddress(ipAddress: "192.0.2.1", port: 1)]
    var known = KnownAddresses()
    let none = known.takeFresh()
    #expect(known.isEmpty && none == nil)
    known.note(first)
    let fresh = (known.takeFresh(), known.takeFresh())
    #expect(fresh.0 == first && fresh.1 == nil)
    // A look-up that fails leaves what was known.
    known.note([])
    let kept = known.take()
    #expect(kept == first && !known.isEmpty)
    known.note(try (1...9).map { try SocketAddress(ipAddress: "192.0.2.\($0)", port: 1) })
    let bounded = known.take()
    #expect(bounded.count == ConnectionAttempt.mostAddresses)
  }
}

@Suite struct PipelineTests {
  /// A command that is sent again has the time that it had, whatever stands before it.
  @Test func aRepeatedCommandKeepsItsDeadline() {
    var pipeline = Pipeline()
    func entry(_ deadline: Int64, isRepeated: Bool = false) -> Pipeline.Entry {
      var entry = Pipeline.Entry(LimitRequest(), now: LimitTime(monotonic: 0, wall: 0))
      (entry.deadline, entry.isRepeated) = (deadline, isRepeated)
      return entry
    }
    #expect(pipeline.nextDeadline == nil)
    for deadline in [20, 30] as [Int64] { pipeline.append(entry(deadline)) }
    #expect(pipeline.nextDeadline == 20)
    for deadline in [10, 15] as [Int64] { pipeline.append(entry(deadline, isRepeated: true)) }
    pipeline.append(entry(40))
    for next in [10, 10, 10, 15, 40] as [Int64] {
      #expect(pipeline.nextDeadline == next)
      _ = pipeline.popFirst()
    }
    #expect(pipeline.nextDeadline == nil)
  }
}

@Suite struct RedisErrorTests {
  @Test(arguments: [
    "READONLY You can't write against a read only replica.", "MOVED 3999 127.0.0.1:6381", "LOADING",
    "CLUSTERDOWN Hash slot not served", "BUSY Redis is busy running a script.",
    "ERR Error running script (call to f_0123): @user_script:8: @user_script: 8: -READONLY You can't write",
    "ERR Error running script (call to f_0123): @user_script:8: @user_script: 8: -MISCONF Redis is configured to",
  ])
  func isOfTheServer(text: String) { #expect(RedisError.isOfServer(text)) }

  @Test(arguments: [
    "", "ERR", "NOSCRIPT No matching script", "WRONGTYPE Operation", "ERR READONLY", "READONLYX",
    "ERR Error running script (call to f_0123): @user_script:8: @user_script: 8: the key holds no time -",
  ])
  func isOfTheCommand(text: String) { #expect(!RedisError.isOfServer(text)) }
}

@Suite struct ConnectionAttemptTests {
  private func addresses(_ count: Int) throws -> [SocketAddress] {
    try (1...count).map { try SocketAddress(ipAddress: "192.0.2.\($0)", port: 1) }
  }

  @Test func eachAddressHasItsShareOfTheTime() throws {
    var attempt = ConnectionAttempt(now: 1000, limit: 90)
    attempt.resolved(try addresses(3), now: 1030)
    #expect(attempt.next(now: 1030)?.deadline == 1050)
    #expect(attempt.next(now: 1031)?.deadline == 1051)
    let last = attempt.next(now: 1051)
    #expect(last?.address.ipAddress == "192.0.2.3" && last?.deadline == 1090)
    #expect(attempt.next(now: 1052) == nil)
  }

  @Test func isBounded() throws {
    var attempt = ConnectionAttempt(now: 0, limit: 100)
    #expect(attempt.next(now: 0) == nil)
    attempt.resolved(try addresses(50), now: 0)
    var count = 0
    while attempt.next(now: 0) != nil { count += 1 }
    #expect(count == ConnectionAttempt.mostAddresses)
    attempt.resolved(try addresses(2), now: 0)
    #expect(attempt.next(now: 100) == nil)
    attempt.resolved(try addresses(2), now: 200)
    #expect(attempt.next(now: 200) == nil)
  }
}
