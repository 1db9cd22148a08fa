import Foundation
import GatewayTesting
import NIOCore
import Synchronization
import Testing

@testable import GatewayKit
@testable import TokenRegistry

/// An API that answers what it is told to.
private final class FakeAPI: Sendable {
  struct Request: Sendable {
    let page: Int
    let perPage: Int
    var isProbe: Bool { perPage == 1 }
  }

  private let answer: Mutex<@Sendable (Request, Int) -> String>
  private let requests = Atomic<Int>(0)

  init(_ answer: @escaping @Sendable (Request, Int) -> String) { self.answer = Mutex(answer) }

  func change(_ answer: @escaping @Sendable (Request, Int) -> String) { self.answer.withLock { $0 = answer } }

  /// Runs the plugin, following the API, while a body runs.
  func with(
    _ clock: TestClock, _ lines: [(String, String)] = [], tuning: ListReader.Tuning = .init(),
    _ body: (Rig) async throws -> Void
  ) async throws {
    let origin = try await ScriptedOrigin.start { exchange, _ in try await self.serve(&exchange) }
    defer { origin.stop() }
    let settings = try settings([("api", "http://127.0.0.1:\(origin.port)")] + lines)
    try await Rig.with(settings, clock: clock, tuning: tuning, body)
  }

  private func serve(_ exchange: inout RawExchange) async throws {
    while let message = try await exchange.receiveMessage() {
      let number = requests.wrappingAdd(1, ordering: .relaxed).oldValue
      let answer = answer.withLock { $0 }
      try await exchange.send(answer(Self.read(message.head), number))
    }
  }

  private static func read(_ head: String) -> Request {
    func number(_ name: String) -> Int {
      guard let range = head.range(of: "&\(name)=") else { return 0 }
      return Int(head[range.upperBound...].prefix { $0.isNumber }) ?? 0
    }
    return Request(page: number("page"), perPage: number("perPage"))
  }

  static func response(_ body: String, status: String = "200 OK", fields: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
  }

  /// A page of a list of these ids; `total` nil leaves the member out.
  static func page(_ ids: [String], _ request: Request, total: Int?, owner: String? = "ann", more: String = "")
    -> String
  {
    let shown = request.isProbe ? Array(ids.suffix(1)) : Array(ids.dropFirst(request.page * request.perPage))
    let items = shown.prefix(request.perPage).map { id in
      #"{"id":"\#(id)","status":"active","lastUpdated":"2026-01-01T00:00:00.000Z"}"#
    }
    let members = [
      #""items":[\#(items.joined(separator: ","))]"#, total.map { #""totalCount":\#($0)"# },
      owner.map { #""ownerId":"\#($0)""# }, more.isEmpty ? nil : more,
    ]
    return response("{\(members.compactMap(\.self).joined(separator: ","))}")
  }
}

/// What an API may answer other than it should.
@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
  let clock = TestClock()
  private static let pages = ListReader.Tuning(perPage: 2, shortList: 0)

  @Test(arguments: [
    "no JSON", "[]", #"{"items":5}"#, #"{"items":[{"id":5}],"ownerId":"ann"}"#, #"{"items":[]}"#,
    #"{"items":[{"id":"a"}],"totalCount":9,"page":3,"ownerId":"ann"}"#,
    #"{"items":[{"id":"a"}],"totalCount":999999999999,"ownerId":"ann"}"#,
    #"{"items":[{"id":"a"},{"id":"a"}],"totalCount":-9,"ownerId":5}"#,
  ])
  func anAnswerThatIsNoListFailsTheStart(body: String) async throws {
    let api = FakeAPI { _, _ in FakeAPI.response(body) }
    await #expect(throws: ReadingProblem.self) { try await api.with(clock) { _ in } }
  }

  @Test func aListThatRepeatsItselfForEverEnds() async throws {
    let api = FakeAPI { _, _ in
      FakeAPI.response(#"{"items":[{"id":"a"},{"id":"b"}],"totalCount":900,"ownerId":"ann"}"#)
    }
    await #expect(throws: ReadingProblem.self) { try await api.with(clock, tuning: Self.pages) { _ in } }
  }

  @Test func anAnswerThatIsNoListLeavesTheLastOneInForce() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a", "b", "c"], request, total: 3) }
    try await api.with(clock, tuning: Self.pages) { rig async throws in
      // The first page comes, the second is cut: what came is worth nothing.
      api.change { request, _ in
        request.page == 0 ? FakeAPI.page(["a", "x", "y"], request, total: 3) : FakeAPI.response("{")
      }
      try await rig.advance(60)
      #expect(rig.value("failures") == 1)
      for id in ["a", "b", "c"] { #expect(try await rig.judge(id, "ann") == "next") }
      #expect(try await rig.judge("x", "ann") == "token_registry_stale")
    }
  }

  @Test func anErrorThatRepeatsTheTokenIsNotLogged() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a"], request, total: 1) }
    try await api.with(clock) { rig async throws in
      api.change { _, _ in
        FakeAPI.response(
          #"{"type":"a.b.c","message":"Bearer a.b.c"}"#, status: "429 Too Many Requests", fields: "Retry-After: 40\r\n")
      }
      try await rig.advance(10)
      #expect(try await rig.log.count(of: "429") == 1)
      #expect(!rig.log.all.contains { $0.contains("a.b.c") })
      let pause = rig.plugin.registry.state.withLock { $0.schedule.due } - clock.monotonic()
      #expect(pause == 40 * Nanoseconds.second)
    }
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let api = FakeAPI { _, _ in
      FakeAPI.response("", status: "302 Found", fields: "Location: http://127.0.0.1:9/\r\n")
    }
    let problem = await #expect(throws: ReadingProblem.self) { try await api.with(clock) { _ in } }
    #expect(problem?.description.contains("302") == true)
  }

  @Test func withoutTotalsEveryReadingIsWhole() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a", "b", "c"], request, total: nil) }
    try await api.with(clock, tuning: Self.pages) { rig async throws in
      #expect(rig.plugin.registry.count == 3)
      try await rig.advance(10)
      #expect(rig.value("readings") == 2)
    }
  }

  @Test func aListThatChangesWhileItIsReadIsReadAgain() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a", "b", "c"], request, total: 3) }
    try await api.with(clock, tuning: Self.pages) { rig async throws in
      // The first token goes between the pages: `c` moves to the page that was read already.
      let isGone = Atomic<Bool>(false)
      api.change { request, _ in
        if request.page > 0 || isGone.load(ordering: .relaxed) {
          isGone.store(true, ordering: .relaxed)
          return FakeAPI.page(["b", "c"], request, total: 2)
        }
        return request.isProbe
          ? FakeAPI.page(["x"], request, total: 3) : FakeAPI.page(["a", "b", "c"], request, total: 3)
      }
      try await rig.advance(10)
      #expect(rig.value("failures") == 0)
      #expect(try await rig.judge("c", "ann") == "next")
      #expect(try await rig.judge("a", "ann") == "token_registry_deleted")
    }
  }

  @Test func aTokenThatMovesWhileAsManyComeAsGoIsNotLost() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a", "b", "c"], request, total: 3) }
    try await api.with(clock, tuning: Self.pages) { rig async throws in
      // `a` goes and `d` comes between the pages; only the mark tells of it.
      let isLater = Atomic<Bool>(false)
      api.change { request, _ in
        if request.page > 0 { isLater.store(true, ordering: .relaxed) }
        return FakeAPI.page(isLater.load(ordering: .relaxed) ? ["b", "c", "d"] : ["a", "b", "c"], request, total: 3)
      }
      try await rig.advance(60)
      for id in ["b", "c", "d"] { #expect(try await rig.judge(id, "ann") == "next") }
      #expect(try await rig.judge("a", "ann") == "token_registry_deleted")
    }
  }

  @Test func aListThatNeverRestsLosesNoToken() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a", "b", "c"], request, total: 3) }
    try await api.with(clock, tuning: Self.pages) { rig async throws in
      // Every second page misses a token that moved, and the totals tell of it.
      api.change { request, _ in
        request.page == 0 ? FakeAPI.page(["a", "b", "d", "e"], request, total: 4) : FakeAPI.page([], request, total: 3)
      }
      try await rig.advance(10)
      #expect(rig.value("failures") == 0)
      for id in ["a", "b", "c"] { #expect(try await rig.judge(id, "ann") == "next") }
      api.change { request, _ in FakeAPI.page(["a", "b"], request, total: 2) }
      try await rig.advance(10)
      #expect(try await rig.judge("c", "ann") == "token_registry_deleted")
    }
  }

  @Test func withoutAnOwnerTheOwnersTokensCannotBeTold() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a"], request, total: 1, owner: nil) }
    await #expect(throws: ReadingProblem.self) { try await api.with(clock) { _ in } }
    try await api.with(clock, [("unlisted", "deny")]) { rig async throws in
      #expect(try await rig.judge("a", "anybody") == "next")
    }
  }

  @Test func onlyAStatusOfActiveIsActive() async throws {
    let api = FakeAPI { _, _ in
      FakeAPI.response(
        #"{"items":[{"id":"a"},{"id":"b","status":"paused"},{"id":"c","status":"active"}],"#
          + #""totalCount":3,"ownerId":"ann"}"#
      )
    }
    try await api.with(clock) { rig async throws in
      #expect(try await rig.judge("a", "ann") == "token_registry_inactive")
      #expect(try await rig.judge("b", "ann") == "token_registry_inactive")
      #expect(try await rig.judge("c", "ann") == "next")
    }
  }

  @Test func whoWaitsIsToldWhenTheReadingFails() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a"], request, total: 1) }
    try await api.with(clock) { rig async throws in
      api.change { _, _ in FakeAPI.response("", status: "500 Oops") }
      #expect(try await rig.judge("young", "ann") == "waited token_registry_stale")
      #expect(try await rig.judge("a", "ann") == "next")
    }
  }

  @Test func whoWaitsIsToldWhenThePluginEnds() async throws {
    let api = FakeAPI { request, _ in FakeAPI.page(["a"], request, total: 1) }
    try await api.with(clock) { rig async throws in
      #expect(try await rig.judge("one", "ann") == "waited token_registry_unlisted")
      let waiting = try await rig.ask("two", "ann")
      await rig.plugin.shutdown()
      #expect(try await waiting.get() == "waited token_registry_stale")
    }
  }
}
