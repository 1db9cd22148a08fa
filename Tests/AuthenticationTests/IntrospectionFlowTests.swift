import Foundation
import NIOHTTP1
import Synchronization
import Testing

@testable import Authentication
@testable import GatewayKit

/// Who asks, who waits, what is remembered, and what becomes of all that while the endpoint is away.
@Suite(.timeLimit(.minutes(1))) struct IntrospectionFlowTests {
  private static let good = IntrospectionEndpointTests.good

  private func with(
    _ more: [(String, Setting)] = [], outer: [(String, Setting)] = [], loops: Int = 1,
    _ test: (Visitor, IntrospectionServer) async throws -> Void
  ) async throws {
    try await IntrospectionServer.run({ _ in .init(body: Self.good) }) { (server: IntrospectionServer) async throws in
      let introspect = Setting.mapping([("rfc7662", .text(server.url))] + more)
      try await Visitor.run(.mapping([("introspect", introspect)] + outer), loops: loops) {
        (visitor: Visitor) async throws in try await test(visitor, server)
      }
    }
  }

  /// The reasons of many requests at once.
  private func reasons(_ visitor: Visitor, _ tokens: [String], domain: String = "example.com") async throws -> [String]
  {
    try await withThrowingTaskGroup(of: String.self) { group in
      for token in tokens { group.addTask { try await visitor.reason(token, domain: domain) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test func manyWhoComeAtOnceCauseOneQuestion() async throws {
    try await with(loops: 4) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let answers = reasons(visitor, Array(repeating: "t", count: 200))
      try await visitor.waitForWaiters(200)
      #expect(server.requests.count <= 1)
      server.release()
      let all = try await answers
      #expect(all.count == 200 && all.allSatisfy { $0 == "next" })
      #expect(server.requests.count == 1)
      #expect(visitor.introspector?.desk.load.waiting == 0)
    }
  }

  @Test func oneQuestionForEachTokenAndDomain() async throws {
    try await with(loops: 2) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let one = reasons(visitor, ["t", "t", "u"])
      async let two = reasons(visitor, ["t", "t"], domain: "tenant.example")
      try await visitor.waitForWaiters(5)
      server.release()
      let all = try await one + two
      #expect(all == ["next", "next", "next", "next", "next"])
      #expect(server.requests.count == 3)
    }
  }

  /// A domain's callers never take more places than they leave free.
  @Test func noMoreWaitThanMay() async throws {
    try await with([("most_waiting", "5")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let waiting = reasons(visitor, ["t", "t", "u"])
      try await visitor.waitForWaiters(3)
      for token in ["t", "v"] {
        let judgement = try await visitor.judge(token)
        #expect(judgement.text == "introspection_busy")
        #expect(judgement.status == 503)
        #expect(judgement.fields == "Retry-After: 1\r\n")
      }
      async let other = reasons(visitor, ["t"], domain: "tenant.example")
      try await visitor.waitForWaiters(4)
      server.release()
      let all = try await waiting + other
      #expect(all == ["next", "next", "next", "next"])
      #expect(try await visitor.reason("v") == "next")
    }
  }

  @Test func questionsStandInLine() async throws {
    try await with([("most_running", "2")], loops: 2) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let answers = reasons(visitor, (0..<50).map { "t\($0)" })
      try await visitor.waitForWaiters(50)
      try await server.waitForRequests(2)
      server.release()
      let all = try await answers
      #expect(all.allSatisfy { $0 == "next" })
      #expect(server.requests.count == 50)
      #expect(server.mostOpen == 2)
      #expect(visitor.introspector?.desk.load.waiting == 0)
      try await visitor.waitForRest()
    }
  }

  @Test func anAnswerIsUsedForItsTime() async throws {
    try await with([("remember", "40s")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("t") == "next")
      server.answer(#"{"active":false}"#)
      visitor.clock.advance(seconds: 29)
      #expect(try await visitor.reason("t") == "next")
      visitor.clock.advance(seconds: 11)
      #expect(try await visitor.reason("t") == "token_inactive")
      #expect(server.requests.count == 2)
    }
  }

  /// A token in steady use is asked about again before its answer is too old, and nobody waits for that.
  @Test func answersAreRenewedInTheBackground() async throws {
    try await with([("remember", "40s")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("t") == "next")
      visitor.clock.advance(seconds: 30)
      server.hold()
      for _ in 0..<10 { #expect(try await visitor.reason("t") == "next") }
      try await server.waitForRequests(2)
      server.release()
      try await visitor.waitForRest()
      visitor.clock.advance(seconds: 20)
      #expect(try await visitor.reason("t") == "next")
      #expect(server.requests.count == 2)
      server.answer(#"{"active":false}"#)
      visitor.clock.advance(seconds: 15)
      #expect(try await visitor.reason("t") == "next", "this one is due again")
      try await visitor.waitForRest()
      #expect(try await visitor.reason("t") == "token_inactive", "what the background learns counts at once")
      #expect(server.requests.count == 3)
    }
  }

  @Test func noAnswerOutlivesTheToken() async throws {
    try await with([("remember", "1h")], outer: [("leeway", "0s")]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer(#"{"active":true,"exp":\#(TestClock.begin + 10)}"#)
      #expect(try await visitor.reason("t") == "next")
      visitor.clock.advance(seconds: 9)
      #expect(try await visitor.reason("t") == "next")
      visitor.clock.advance(seconds: 1)
      #expect(try await visitor.reason("t") == "token_expired")
      #expect(server.requests.count == 1)
    }
  }

  /// Facts are remembered, decisions are not: a token that begins later begins while its answer is used.
  @Test func decisionsAreNotRemembered() async throws {
    try await with([("remember", "1h")], outer: [("leeway", "0s")]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer(#"{"active":true,"nbf":\#(TestClock.begin + 10)}"#)
      #expect(try await visitor.reason("t") == "token_not_yet_valid")
      visitor.clock.advance(seconds: 10)
      #expect(try await visitor.reason("t") == "next")
      #expect(server.requests.count == 1)
    }
  }

  @Test func refusalsAreRememberedForTheirTime() async throws {
    try await with([("refused", "5s")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer(#"{"active":false}"#)
      for _ in 0..<3 { #expect(try await visitor.reason("t") == "token_inactive") }
      #expect(server.requests.count == 1)
      server.answer(Self.good)
      visitor.clock.advance(seconds: 5)
      #expect(try await visitor.reason("t") == "next")
    }
    try await with([("refused", "0s")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer(#"{"active":false}"#)
      for _ in 0..<3 { #expect(try await visitor.reason("t") == "token_inactive") }
      #expect(server.requests.count == 3)
    }
  }

  @Test func aFloodOfBadTokensLeavesGoodOnesAlone() async throws {
    try await with([], outer: [("cache", ["entries": "300", "bytes": "1MB"])]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer { request in
        .init(body: request.body.contains("good") ? Self.good : #"{"active":false}"#)
      }
      for number in 0..<20 { #expect(try await visitor.reason("good\(number)") == "next") }
      for number in 0..<1000 { #expect(try await visitor.reason("bad\(number)") == "token_inactive") }
      let before = server.requests.count
      for number in 0..<20 { #expect(try await visitor.reason("good\(number)") == "next") }
      #expect(server.requests.count == before)
      let introspector = try #require(visitor.introspector)
      #expect(introspector.answers.count == 20)
      #expect(introspector.refusals.count <= 300 && introspector.refusals.bytes <= 64 << 10)
    }
  }

  @Test func withoutRoomEveryRequestAsks() async throws {
    try await with([], outer: [("cache", ["entries": "0"])]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      for _ in 0..<3 { #expect(try await visitor.reason("t") == "next") }
      #expect(server.requests.count == 3)
    }
  }

  // What becomes of requests while the endpoint is away.

  @Test func nobodyIsAllowedWhileNobodyCanSay() async throws {
    try await with([("remember", "10s")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("t") == "next")
      server.answer("no", status: .internalServerError)
      visitor.clock.advance(seconds: 10)
      #expect(try await visitor.reason("t") == "introspection_unavailable")
      #expect(try await visitor.reason("t") == "introspection_unavailable")
      #expect(server.requests.count == 2, "that nobody could say is remembered for a moment")
      server.answer(Self.good)
      visitor.clock.advance(seconds: 1)
      #expect(try await visitor.reason("t") == "next")
      #expect(visitor.asked == [2, 0, 1])
    }
  }

  @Test func theLastKnownGoesOnForItsTime() async throws {
    let settings: [(String, Setting)] = [("remember", "10s"), ("unreachable", ["last_known": "60s"])]
    try await with(settings, outer: [("leeway", "0s")]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer { request in
        .init(
          body: request.body.contains("ends")
            ? #"{"active":true,"exp":\#(TestClock.begin + 30)}"# : Self.good)
      }
      for token in ["t", "ends"] { #expect(try await visitor.reason(token) == "next") }
      server.answer("no", status: .internalServerError)
      visitor.clock.advance(seconds: 29)
      for token in ["t", "ends"] { #expect(try await visitor.reason(token) == "next") }
      #expect(try await visitor.reason("unknown") == "introspection_unavailable")
      visitor.clock.advance(seconds: 30)
      #expect(try await visitor.reason("t") == "next")
      #expect(try await visitor.reason("ends") == "token_expired")
      visitor.clock.advance(seconds: 1)
      #expect(try await visitor.reason("t") == "introspection_unavailable", "no longer than its time")
    }
  }

  /// Who may go on with what was known does not wait for a dead endpoint; that it lives again is found out all the same.
  @Test func theLastKnownWaitsForNobody() async throws {
    let settings: [(String, Setting)] = [("remember", "10s"), ("unreachable", ["last_known": "1h"])]
    try await with(settings) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("t") == "next")
      server.answer("no", status: .badGateway)
      for number in 0..<Breaker.enough {
        #expect(try await visitor.reason("u\(number)") == "introspection_unavailable")
      }
      let before = server.requests.count
      visitor.clock.advance(seconds: 20)
      server.answer(#"{"active":false}"#)
      server.hold()
      for _ in 0..<10 { #expect(try await visitor.reason("t") == "next", "the endpoint has not answered") }
      try await server.waitForRequests(before + 1)
      server.release()
      try await visitor.waitForRest()
      #expect(server.requests.count == before + 1)
      #expect(try await visitor.reason("t") == "token_inactive")
    }
  }

  @Test func whatWasRefusedIsNotLastKnown() async throws {
    let settings: [(String, Setting)] = [("remember", "10s"), ("refused", "5s"), ("unreachable", ["last_known": "1h"])]
    try await with(settings) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("t") == "next")
      visitor.clock.advance(seconds: 10)
      server.answer(#"{"active":false}"#)
      #expect(try await visitor.reason("t") == "token_inactive")
      server.answer("no", status: .internalServerError)
      visitor.clock.advance(seconds: 5)
      #expect(try await visitor.reason("t") == "introspection_unavailable")
    }
  }

  @Test func aDeadEndpointIsAskedOnceInAWhile() async throws {
    try await with { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer("no", status: .badGateway)
      for number in 0..<Breaker.enough {
        #expect(try await visitor.reason("t\(number)") == "introspection_unavailable")
      }
      let before = server.requests.count
      #expect(before == Breaker.enough)
      for number in 100..<150 { #expect(try await visitor.reason("t\(number)") == "introspection_unavailable") }
      #expect(server.requests.count == before)
      visitor.clock.advance(seconds: 1)
      for number in 200..<250 { #expect(try await visitor.reason("t\(number)") == "introspection_unavailable") }
      #expect(server.requests.count == before + 1, "one finds out for all")
      server.answer(Self.good)
      visitor.clock.advance(seconds: 1)
      for number in 300..<310 { #expect(try await visitor.reason("t\(number)") == "next") }
    }
  }

  /// Answers that a token could be the cause of keep nobody else from being asked about.
  @Test func oneTokenSpoilsNothingForOthers() async throws {
    try await with { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer { request in
        request.body.contains("bad") ? .init(status: .badRequest, body: "no") : .init(body: Self.good)
      }
      for number in 0..<20 { #expect(try await visitor.reason("bad\(number)") == "introspection_unavailable") }
      #expect(try await visitor.reason("fine") == "next")
    }
  }

  /// When the endpoint dies, who stands in line is told at once.
  @Test func theLineEndsWithTheEndpoint() async throws {
    try await with([("most_running", "1")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let answers = reasons(visitor, (0..<40).map { "t\($0)" })
      try await visitor.waitForWaiters(40)
      server.answer("no", status: .serviceUnavailable)
      server.release()
      let all = try await answers
      #expect(all.allSatisfy { $0 == "introspection_unavailable" })
      #expect(server.requests.count == Breaker.enough)
      try await visitor.waitForRest()
      #expect(visitor.introspector?.desk.load.waiting == 0)
    }
  }

  @Test(arguments: ["silent", "unfinished", "gone"]) func endpointsThatDoNotAnswer(_ how: String) async throws {
    try await with([("timeout", "100ms")]) { (visitor: Visitor, server: IntrospectionServer) async throws in
      var other: Visitor?
      switch how {
      case "silent": server.hold()
      case "unfinished": server.answer { _ in .init(body: #"{"active":true"#, missing: 1) }
      default:
        // Nothing listens on the discard port of this machine.
        let rig = try Rig(["introspect": ["rfc7662": "http://127.0.0.1:9/", "timeout": "100ms"]])
        try await rig.plugin.start()
        other = try Visitor(rig)
      }
      let judgement = try await (other ?? visitor).judge("t")
      #expect(judgement.text == "introspection_unavailable")
      #expect(judgement.status == 503)
      await other?.rig.plugin.shutdown()
      server.release()
    }
  }

  @Test func beforeTheStartAndAfterTheEndNobodyIsAllowed() async throws {
    try await with { (visitor: Visitor, server: IntrospectionServer) async throws in
      let rig = try Rig(["introspect": ["rfc7662": .text(server.url)]])
      let early = try Visitor(rig)
      #expect(try await early.reason("t") == "introspection_unavailable")
      try await rig.plugin.start()
      #expect(try await early.reason("t") == "next")
      await rig.plugin.shutdown()
      await rig.plugin.shutdown()
      #expect(try await early.reason("u") == "introspection_unavailable")
    }
  }

  @Test func theEndLetsNobodyWait() async throws {
    try await with { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.hold()
      async let answers = reasons(visitor, ["t", "t", "u"])
      try await visitor.waitForWaiters(3)
      await visitor.rig.plugin.shutdown()
      let all = try await answers
      #expect(all == Array(repeating: "introspection_unavailable", count: 3))
      server.release()
    }
  }
}
