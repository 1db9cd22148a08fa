import GatewayEngine
import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import SharedStores

/// One loop's way to answers on a real server.
private final class AnswerLoop: Sendable {
  /// What came of a look-up; nil when the store was not asked.
  struct Found: Sendable, Equatable {
    var answer: String?
    var isFailed = false
    var time: SharedAnswerTime?
  }

  private let loop: PollLoop
  private let store: RedisAnswerStore
  private let link: NIOLoopBound<AnswerLink>

  init(
    _ settings: RedisSettings, maxInFlight: Int, maxObject: Int, log: LogLines = LogLines()
  ) async throws {
    var tier = SecondTierConfiguration(secret: Secret([1]))
    (tier.maxObject, tier.maxInFlight) = (maxObject, maxInFlight)
    let (loop, store) = (
      try PollLoop.start(name: "answers"), RedisAnswerStore(settings, tier, logger: log.logger)
    )
    link = try await loop.submit {
      let context = LoopContext(
        eventLoop: loop, index: 0, clock: SystemClock(), random: SystemRandomNumberGenerator())
      guard let link = store.access(on: context) as? AnswerLink else { throw HarnessError.timeout("no access") }
      return NIOLoopBound(link, eventLoop: loop)
    }.get()
    (self.loop, self.store) = (loop, store)
  }

  func stop() async { await loop.stop() }

  /// Asks for several names in one turn.
  func find(_ names: [String]) async throws -> [Found?] {
    let futures = try await loop.submit { [loop, link] in
      names.map { name -> EventLoopFuture<Found?> in
        let promise = loop.makePromise(of: Found?.self)
        let isAsked = link.value.find(Array(name.utf8)) { found in
          var result = Found(time: link.value.time)
          switch found {
          case .answer(let bytes): result.answer = String(buffer: bytes)
          case .nothing: break
          case .failed: result.isFailed = true
          }
          promise.succeed(result)
        }
        if !isAsked { promise.succeed(nil) }
        return promise.futureResult
      }
    }.get()
    var all: [Found?] = []
    for future in futures { all.append(try await future.get()) }
    return all
  }

  func find(_ name: String) async throws -> Found? { try await find([name]).first ?? nil }

  /// Asks until the server answers.
  func findAtLast(_ name: String) async throws -> Found {
    for _ in 0..<2000 {
      if let found = try await find(name), !found.isFailed { return found }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw HarnessError.timeout("the store does not answer")
  }

  func drop(_ name: String) async throws -> Bool {
    try await loop.submit { [link] in link.value.drop(Array(name.utf8)) }.get()
  }

  /// Memory that is held for commands.
  func heldForOutput() async throws -> Int {
    try await loop.submit { [link] in link.value.link.output.storageCapacity }.get()
  }

  /// Has answers kept, in one turn; says which are on their way.
  func keep(
    _ answers: [String], as name: String, for lifetime: Int64 = 60_000_000_000, orLonger: Bool = false
  ) async throws -> [Bool] {
    try await loop.submit { [link] in
      answers.map { answer in
        let bytes = ByteBuffer(string: answer)
        let hasRoom = link.value.hasRoom(for: bytes.readableBytes)
        let isKept = link.value.keep(bytes, as: Array(name.utf8), for: lifetime, orLonger: orLonger)
        #expect(isKept == hasRoom || lifetime <= 0, "room is told before")
        return isKept
      }
    }.get()
  }
}

@Suite(.serialized, .enabled(if: RedisServer.isThere, RedisServer.missing))
struct AnswerStoreTests {
  private func with(
    _ settings: RedisSettings, maxInFlight: Int = 64, maxObject: Int = 100 << 10,
    _ body: (AnswerLoop) async throws -> Void
  ) async throws {
    let loop = try await AnswerLoop(settings, maxInFlight: maxInFlight, maxObject: maxObject)
    do {
      try await body(loop)
      await loop.stop()
    } catch {
      await loop.stop()
      throw error
    }
  }

  private let places = SharedPlaces(Secret([1])).key

  private func head(_ time: SharedAnswerTime, _ places: String) -> String { "\(time.epoch) \(time.time) \(places)\n" }

  @Test func whatWasChangedIsNotGiven() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      for (place, isReached) in [("7", true), ("9", true), ("8", false), ("a", true)] {
        let now = try #require(try await loop.findAtLast("a").time)
        let answer = head(now, "7 9") + "answer"
        #expect(try await loop.keep([answer], as: "a") == [true])
        #expect(try await loop.find("a")?.answer == answer)
        let command = SpreadCommand.publish("x", from: "test", SpreadMark(places: places, place: place))
        guard case .integer = try await server.raw(command.bytes) else {
          throw HarnessError.timeout("it is not published")
        }
        #expect((try await loop.find("a")?.answer == nil) == isReached, "\(place)")
        // What was on its way then comes too late.
        #expect(try await loop.keep([answer], as: "a") == [true])
        #expect((try await loop.find("a")?.answer == nil) == isReached, "\(place)")
      }
      let last = try #require(try await loop.find("a")?.time)
      #expect(last.epoch == time.epoch && last.time > time.time)
      // From another epoch, or a time that has not been, or without a head.
      for bad in [
        head(SharedAnswerTime(epoch: last.epoch ^ 1, time: last.time), "1"),
        head(SharedAnswerTime(epoch: last.epoch, time: last.time + 1), "1"), "\(last.epoch)\n", "nonsense", "",
      ] {
        #expect(try await loop.keep([bad], as: "b") == [true])
        #expect(try await loop.find("b") == AnswerLoop.Found(time: last), "\(bad)")
      }
    }
  }

  /// By a gateway that shares no answers, or has another secret.
  @Test func changesThatNobodyMarksMakeEverythingWorthless() async throws {
    let server = try await RedisServer()
    let other = SpreadMark(places: SharedPlaces(Secret([2])).key, place: "5")
    try await with(server.settings) { loop in
      for mark in [nil, other] {
        let time = try #require(try await loop.findAtLast("a").time)
        #expect(try await loop.keep([head(time, "1") + "x"], as: "a") == [true])
        #expect(try await loop.find("a")?.answer != nil)
        _ = try await server.raw(SpreadCommand.publish("x", from: "test", mark).bytes)
        // One that is marked does not hide it.
        let marked = SpreadMark(places: places, place: "7")
        _ = try await server.raw(SpreadCommand.publish("x", from: "test", marked).bytes)
        let found = try #require(try await loop.find("a"))
        #expect(found.answer == nil && found.time?.epoch != time.epoch)
        // From then on all is as it was.
        let later = try #require(found.time)
        #expect(try await loop.keep([head(later, "1") + "y"], as: "a") == [true])
        #expect(try await loop.find("a")?.answer == head(later, "1") + "y")
      }
    }
  }

  /// It may have lost what was changed last, and have counted others since.
  @Test func aServerThatWasStartedAnewGivesNothingOld() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      #expect(try await loop.keep([head(time, "1") + "x"], as: "a") == [true])
      // As a copy of it has it.
      _ = try await server.command("HSET", places, "r", "anotherrun")
      #expect(try await loop.find("a")?.answer != nil)
      _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
      let found = try await loop.findAtLast("a")
      #expect(found.answer == nil && found.time?.epoch != time.epoch)
    }
  }

  @Test func whatIsTooLargeForOneGatewayIsNotThereForIt() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      let large = head(time, "1") + String(repeating: "x", count: 200 << 10)
      _ = try await server.command("SET", "gatehouse:{cache}:answer:a", large)
      #expect(try await loop.find("a") == AnswerLoop.Found(time: time))
      #expect(try await loop.find("b") == AnswerLoop.Found(time: time))
    }
  }

  @Test func whatIsDroppedIsGone() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      #expect(try await loop.keep([head(time, "1") + "x"], as: "a") == [true])
      #expect(try await loop.find("a")?.answer != nil)
      #expect(try await loop.drop("a"))
      #expect(try await loop.find("a") == AnswerLoop.Found(time: time))
    }
  }

  @Test func aServerThatHasLostThePlacesGivesNothingOld() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      #expect(try await loop.keep([head(time, "1") + "x"], as: "a") == [true])
      #expect(try await loop.find("a")?.answer != nil)
      _ = try await server.command("DEL", places)
      let found = try #require(try await loop.find("a"))
      #expect(found.answer == nil && found.time != nil && found.time?.epoch != time.epoch)
      // A change before anybody has asked begins no epoch by itself.
      _ = try await server.command("DEL", places)
      let mark = SpreadMark(places: places, place: "2")
      _ = try await server.raw(SpreadCommand.publish("x", from: "test", mark).bytes)
      #expect(try await loop.find("a")?.answer == nil)
    }
  }

  @Test func whatIsOnItsWayIsBounded() async throws {
    let server = try await RedisServer()
    try await with(server.settings, maxInFlight: 4) { loop in
      _ = try await loop.findAtLast("a")
      let found = try await loop.find(Array(repeating: "a", count: 6))
      #expect(found.map { $0 != nil } == [true, true, true, true, false, false])
      #expect(try await loop.keep(Array(repeating: "x", count: 6), as: "b") == [true, true, true, true, false, false])
      _ = try await loop.findAtLast("a")
      #expect(try await loop.keep([String(repeating: "x", count: 100 << 10)], as: "b") == [true])
      #expect(try await loop.keep([String(repeating: "x", count: 100 << 10 + 1)], as: "b") == [false])
      #expect(try await loop.keep(["x"], as: "b", for: 0) == [false])
    }
    // By bytes, too.
    try await with(server.settings) { loop in
      _ = try await loop.findAtLast("a")
      let answers = Array(repeating: String(repeating: "x", count: 100 << 10), count: 22)
      #expect(try await loop.keep(answers, as: "b") == Array(repeating: true, count: 20) + [false, false])
    }
  }

  @Test func answersGoWithTheirTime() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      _ = try await loop.findAtLast("a")
      #expect(try await loop.keep(["x"], as: "a", for: 30_000_000_000) == [true])
      _ = try await loop.findAtLast("a")
      guard case .integer(let left) = try await server.command("PTTL", "gatehouse:{cache}:answer:a") else {
        throw HarnessError.timeout("no time")
      }
      #expect((1...30_000).contains(left))
    }
  }

  /// Where that is wanted, a shorter one leaves a longer one its time, and takes its place all the same.
  @Test func aLongerTimeStays() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      for (lifetime, orLonger, expected) in [
        (30, true, 1...30_000), (90, true, 30_001...90_000), (30, true, 30_001...90_000), (30, false, 1...30_000),
      ] as [(Int64, Bool, ClosedRange<Int64>)] {
        let answer = head(time, "1") + "\(lifetime) \(orLonger)"
        #expect(try await loop.keep([answer], as: "a", for: lifetime * 1_000_000_000, orLonger: orLonger) == [true])
        #expect(try await loop.find("a")?.answer == answer)
        guard case .integer(let left) = try await server.command("PTTL", "gatehouse:{cache}:answer:a") else {
          throw HarnessError.timeout("no time")
        }
        #expect(expected.contains(left), "\(lifetime) \(orLonger): \(left)")
      }
    }
  }

  /// More than a socket takes at once, both ways, with small ones between, all in one turn.
  @Test func whatIsLargerThanASocketTakes() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.timeout = .seconds(30)
    try await with(settings, maxObject: 8 << 20) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      let large = head(time, "1") + String(repeating: "large", count: (8 << 20) / 5 - 20)
      let small = head(time, "1") + "small"
      // One that is larger than what may be on its way is alone there.
      #expect(try await loop.keep([large, large], as: "large") == [true, false])
      _ = try await loop.findAtLast("large")
      // What only it has needed is not held for good.
      #expect(try await loop.heldForOutput() <= 64 << 10)
      #expect(try await loop.keep([small], as: "small") == [true])
      for _ in 0..<2 {
        let found = try await loop.find(["large", "small", "large", "none", "large", "small"])
        #expect(found.map { $0?.answer?.count } == [large, small, large, nil, large, small].map { $0?.count })
        #expect(found.compactMap { $0?.answer }.allSatisfy { $0 == large || $0 == small })
      }
    }
  }

  /// The server stops in the middle of an answer, then of a command that it does not take.
  @Test func aServerThatStopsInTheMiddle() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.timeout = .milliseconds(500)
    try await with(settings, maxObject: 8 << 20) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      let large = head(time, "1") + String(repeating: "x", count: 8 << 20 - 100)
      for _ in 0..<3 {
        server.pause()
        _ = try await loop.keep([large], as: "large")
        // What comes behind it fails with it, and nobody waits for longer than it may.
        #expect(try await loop.find(["a", "b"]).allSatisfy { $0?.isFailed ?? true })
        #expect(try await loop.find("a") == nil)
        server.resume()
        _ = try await loop.findAtLast("a")
      }
      #expect(try await loop.keep([head(time, "1") + "x"], as: "b") == [true])
      #expect(try await loop.find("b")?.answer != nil)
    }
  }

  /// It takes no answer any more, and gives those that it has.
  @Test func aFullServer() async throws {
    let server = try await RedisServer()
    try await with(server.settings) { loop in
      let time = try #require(try await loop.findAtLast("a").time)
      #expect(try await loop.keep([head(time, "1") + "x"], as: "a") == [true])
      #expect(try await loop.find("a")?.answer != nil)
      _ = try await server.command("CONFIG", "SET", "maxmemory", "1")
      for orLonger in [true, false] {
        #expect(try await loop.keep(["y"], as: "b", orLonger: orLonger) == [true])
        #expect(try await loop.find("b")?.isFailed == false)
      }
      #expect(try await loop.find("a")?.answer != nil)
      _ = try await server.command("CONFIG", "SET", "maxmemory", "0")
      #expect(try await loop.keep([head(time, "1") + "y"], as: "b") == [true])
      #expect(try await loop.find("b")?.answer != nil)
    }
  }

  @Test func errorsAndSilenceAreNoAnswers() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.timeout = .milliseconds(300)
    try await with(settings) { loop in
      _ = try await loop.findAtLast("a")
      _ = try await server.command("SET", places, "no hash")
      #expect(try await loop.find("a")?.isFailed == true)
      _ = try await server.command("DEL", places)
      #expect(try await loop.find("a")?.isFailed == false)
      server.pause()
      #expect(try await loop.find(["a", "b"]).allSatisfy { $0?.isFailed == true })
      // Nobody asks a server that does not answer, nor waits for a connection.
      #expect(try await loop.find("a") == nil)
      #expect(try await loop.keep(["x"], as: "a") == [false])
      server.resume()
      _ = try await loop.findAtLast("a")
      server.stop()
      _ = try await loop.find("a")
      try await server.start()
      _ = try await loop.findAtLast("a")
    }
  }
}
