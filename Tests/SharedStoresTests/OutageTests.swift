import GatewayKit
import GatewayTesting
import SharedStores
import Testing

/// A server that is killed, started again, made slow and emptied while it is asked all the time.
@Suite(.serialized, .enabled(if: RedisServer.isThere, RedisServer.missing))
struct OutageTests {
  /// The settings that are usual, with a little more time where the machine may be busy.
  private func settings(_ server: RedisServer) -> RedisSettings {
    var settings = RedisSettings(host: "127.0.0.1", port: server.port)
    settings.timeout = .milliseconds(200)
    settings.connectTimeout = .milliseconds(400)
    return settings
  }

  /// How long requests took, one after the other, for a time.
  private func ask(
    _ gateways: Gateways, for duration: Duration, _ claim: LimitClaim
  ) async throws -> (times: [Duration], answers: [LimitAnswer]) {
    var (times, answers) = ([Duration](), [LimitAnswer]())
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      let start = ContinuousClock.now
      answers.append(try await gateways.take(claim))
      times.append(ContinuousClock.now - start)
      try await Task.sleep(for: .milliseconds(2))
    }
    return (times.sorted(), answers)
  }

  @Test func aServerThatIsKilledIsUsedAgainWhenItIsBack() async throws {
    let server = try await RedisServer()
    let (claim, log) = (try LimitClaim.plenty(cost: 0), LogLines())
    try await Gateways.with(RedisServer.store(settings(server), logger: log.logger)) { gateways in
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      for _ in 0..<2 {
        server.stop()
        let (times, answers) = try await ask(gateways, for: .milliseconds(600), claim)
        #expect(answers.dropFirst().allSatisfy { $0.failure != nil })
        #expect(times[times.count * 99 / 100] < .milliseconds(300))
        #expect(try await server.start())
        // Nobody has to ask for it to be found.
        try await Task.sleep(for: .seconds(3))
        #expect(try await gateways.take(claim).isAdmitted)
      }
      #expect(log.lines.count { $0.contains("shared store is not available") } == 2)
      #expect(log.lines.count { $0.contains("shared store is back") } == 2)
    }
  }

  /// It takes connections and says nothing: as one that is stopped does, or one whose disk is gone.
  @Test func aServerThatIsSilentIsNotWaitedForAgain() async throws {
    let server = try await RedisServer()
    let claim = try LimitClaim.plenty(cost: 0)
    try await Gateways.with(RedisServer.store(settings(server))) { gateways in
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      server.pause()
      // All of them were asked before it was known.
      let first = try await gateways.take(Array(repeating: [claim], count: 50))
      #expect(first.allSatisfy { $0.failure == .timeout })
      let (times, answers) = try await ask(gateways, for: .seconds(2), claim)
      #expect(answers.allSatisfy { $0.failure == .resting })
      #expect(times[times.count * 99 / 100] < .milliseconds(50))
      server.resume()
      #expect(try await gateways.takeAtLast(claim).remaining == 1000)
    }
  }

  /// Half a second late, each answer: never longer than the timeout, and mostly not at all.
  @Test func aSlowServerCostsTheTimeoutAtMost() async throws {
    let server = try await RedisServer()
    let claim = try LimitClaim.plenty(cost: 0)
    try await Gateways.with(RedisServer.store(settings(server))) { gateways in
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      let slow = Task { [port = server.port] in
        let command = RESPCommand(["EVAL", Self.halfASecond, "0"]).bytes
        while !Task.isCancelled { _ = try? await RedisServer.raw(command, port: port) }
      }
      try await Task.sleep(for: .milliseconds(100))
      let (times, answers) = try await ask(gateways, for: .seconds(4), claim)
      slow.cancel()
      #expect(times.last.map { $0 < .milliseconds(300) } == true)
      #expect(times[times.count * 9 / 10] < .milliseconds(50))
      #expect(answers.contains { $0.failure == .timeout } && answers.contains { $0.failure == .resting })
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
    }
  }

  private static let halfASecond = """
    local function now() local t = redis.call('TIME'); return t[1] * 1000 + t[2] / 1000 end
    local start = now()
    while now() - start < 500 do end
    return 0
    """

  /// Units that are held in advance go on being used; nobody notices.
  @Test func leasesOutliveAnOutage() async throws {
    let server = try await RedisServer()
    let claim = try LimitClaim.plenty(lease: LimitLease(batch: 100, time: 600_000_000_000))
    try await Gateways.with(RedisServer.store(settings(server))) { gateways in
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      server.stop()
      let answers = try await gateways.take(Array(repeating: [claim], count: 60))
      #expect(answers.count { $0.isAdmitted && $0.isLeased } == 50)
      #expect(answers.suffix(10).allSatisfy { $0.failure != nil })
      #expect(try await server.start())
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
    }
  }

  @Test func anEmptiedServerBeginsAnew() async throws {
    let server = try await RedisServer()
    try await Gateways.with(RedisServer.store(settings(server))) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await gateways.takeAtLast(claim).remaining == 999)
      for _ in 0..<5 {
        _ = try await server.command("FLUSHALL")
        _ = try await server.command("SCRIPT", "FLUSH")
        let answers = try await gateways.take(Array(repeating: [claim], count: 100))
        #expect(answers.last?.remaining == 900)
      }
    }
  }
}
