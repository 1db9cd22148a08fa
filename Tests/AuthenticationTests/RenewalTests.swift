import Crypto
import Foundation
import GatewayKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Authentication

/// Keys that come later than their tokens: a real server, real fetches, a clock that the test moves.
@Suite(.timeLimit(.minutes(1))) struct RenewalTests {
  private static let old = Signer(key: .ed25519(.init()), name: "old")
  private static let new = Signer(key: .p256(.init()), name: "new")
  private static let stranger = Signer(key: .ed25519(.init()), name: "stranger")

  private func withRig(
    _ server: KeySetServer, _ more: [(String, Setting)] = [("cooldown", "2s")], isRealTime: Bool = false,
    others: [Setting] = [], _ test: (Rig) async throws -> Void
  ) async throws {
    let keys = Setting.list([["jwks": .text(server.url + "?key=secret#x")]] + others)
    let settings: [(String, Setting)] = [("keys", keys), ("refresh", "1h")] + more
    let rig = try Rig(.mapping(settings), isRealTime: isRealTime)
    try await rig.plugin.start()
    do { try await test(rig) } catch {
      await rig.plugin.shutdown()
      throw error
    }
    await rig.plugin.shutdown()
  }

  /// The start was a fetch, so whoever comes now waits for the cooldown's end, and all for one fetch.
  @Test func aKeyPublishedInTheCooldownIsWaitedFor() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        server.answer(Signer.keySet([Self.old, Self.new]))
        var asked: [(first: String, last: EventLoopFuture<Judgement>)] = []
        for number in 0..<10 { asked.append(try await Asker.ask(rig, Self.new.token(#"{"sub":"\#(number)"}"#))) }
        let stranger = try await Asker.ask(rig, Self.stranger.token("{}"))
        #expect(asked.map(\.first) + [stranger.first] == Array(repeating: "wait", count: 11))
        #expect(try await Asker.outcome(rig, Self.old.token("{}")) == "next", "known keys go on")
        #expect(server.requests == 1)
        rig.clock.advance(seconds: 2)
        for one in asked { #expect(try await one.last.get().text == "next") }
        #expect(try await stranger.last.get().text == "token_key_unknown")
        #expect(server.requests == 2)
      }
    }
  }

  /// A fetch that began before a token was seen may have missed its key: it says nothing of it.
  @Test func aFetchThatBeganBeforeDoesNotCount() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        rig.clock.advance(seconds: 2)
        server.hold()
        let stranger = try await Asker.ask(rig, Self.stranger.token("{}"))
        try await server.waitForRequests(2)
        server.answer(Signer.keySet([Self.old, Self.new]))
        let late = try await Asker.ask(rig, Self.new.token("{}"))
        #expect(late.first == "wait")
        server.release()
        #expect(try await stranger.last.get().text == "token_key_unknown")
        rig.clock.advance(seconds: 2)
        #expect(try await late.last.get().text == "next")
        #expect(server.requests == 3)
      }
    }
  }

  @Test func aFetchThatFailsRefuses() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        server.answer("", status: .internalServerError)
        let asked = try await Asker.ask(rig, Self.new.token("{}"))
        rig.clock.advance(seconds: 2)
        #expect(try await asked.last.get().text == "token_keys_unavailable")
        #expect(try await Asker.outcome(rig, Self.old.token("{}")) == "next")
      }
    }
  }

  /// A flood of names that nobody has: so many wait, the others are told to come again, and nothing is left behind.
  @Test func aFloodIsBounded() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        var waiting: [EventLoopFuture<Judgement>] = []
        for number in 0..<KeyStore.mostWaiters {
          let token = Self.stranger.token(header: #"{"alg":"EdDSA","kid":"k\#(number)"}"#, claims: "{}")
          waiting.append(try await Asker.ask(rig, token).last)
        }
        let last = try await Asker.ask(rig, Self.new.token("{}")).last.get()
        #expect(last.text == "token_keys_busy")
        #expect(last.status == 503)
        #expect(last.fields == "Retry-After: 2\r\n")
        #expect(try await Asker.outcome(rig, Self.old.token("{}")) == "next")
        rig.clock.advance(seconds: 2)
        for one in waiting { #expect(try await one.get().text == "token_key_unknown") }
        #expect(rig.plugin.judge.keys.state.withLock { $0.waiters.isEmpty })
        #expect(server.requests == 2)
      }
    }
  }

  /// Nobody waits so long that no time is left for the fetch.
  @Test func aLongCooldownIsNotWaitedFor() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server, [("cooldown", "10s")]) { (rig: Rig) async throws in
        let judgement = try await Asker.ask(rig, Self.new.token("{}")).last.get()
        #expect(judgement.text == "token_keys_busy")
        #expect(judgement.fields == "Retry-After: 10\r\n")
        rig.clock.advance(seconds: 7)
        let asked = try await Asker.ask(rig, Self.new.token("{}"))
        #expect(asked.first == "wait")
        rig.clock.advance(seconds: 3)
        #expect(try await asked.last.get().text == "token_key_unknown")
      }
    }
  }

  /// A fetch that hangs is waited for by those who came before that was seen; who comes later is told to come again.
  @Test func aFetchThatHangsIsNotWaitedForAnew() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        server.hold()
        let keys = rig.plugin.judge.keys
        rig.clock.advance(seconds: 2)
        let early = try await Asker.ask(rig, Self.new.token("{}"))
        #expect(early.first == "wait")
        while !keys.state.withLock({ $0.flights[0].isRunning }) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try await Asker.ask(rig, Self.new.token("{}")).first == "wait", "it has only begun")
        rig.clock.advance(seconds: 2)
        let late = try await Asker.ask(rig, Self.new.token("{}"))
        try #require(late.first == "token_keys_busy")
        #expect(try await late.last.get().status == 503)
        #expect(try await Asker.outcome(rig, Self.old.token("{}")) == "next")
      }
    }
  }

  /// A key server that hangs holds nobody up whose key is at another.
  @Test func sourcesDoNotWaitForEachOther() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await KeySetServer.run(Signer.keySet([.rsa])) { (other: KeySetServer) async throws in
        try await withRig(server, others: [["jwks": .text(other.url)]]) { (rig: Rig) async throws in
          other.hold()
          server.answer(Signer.keySet([Self.new]))
          let asked = try await Asker.ask(rig, Self.new.token("{}"))
          let stranger = try await Asker.ask(rig, Self.stranger.token("{}"))
          rig.clock.advance(seconds: 2)
          #expect(try await asked.last.get().text == "next")
          try await other.waitForRequests(2)
          other.release()
          #expect(try await stranger.last.get().text == "token_key_unknown")
          #expect(try await Asker.outcome(rig, Signer.rsa.token("{}")) == "next")
        }
      }
    }
  }

  /// However many key sets there are: who waits for all of them is asked again when there is news, not at each.
  @Test func manySourcesAreWaitedFor() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await KeySetServer.run(Signer.keySet([.rsa])) { (last: KeySetServer) async throws in
        let others = (0..<20).map { number -> Setting in ["jwks": .text("\(server.url)?\(number)")] }
        let list = others + [["jwks": .text(last.url)]]
        try await withRig(server, others: list) { (rig: Rig) async throws in
          rig.clock.advance(seconds: 2)
          last.answer(Signer.keySet([Self.new]))
          last.hold()
          let stranger = try await Asker.ask(rig, Self.stranger.token("{}"))
          let late = try await Asker.ask(rig, Self.new.token("{}"))
          #expect([stranger.first, late.first] == ["wait", "wait"])
          try await server.waitForRequests(42)
          try await last.waitForRequests(2)
          last.release()
          #expect(try await late.last.get().text == "next")
          #expect(try await stranger.last.get().text == "token_key_unknown")
          #expect(rig.plugin.judge.keys.state.withLock { $0.waiters.isEmpty })
        }
      }
    }
  }

  /// A key server whose answer goes on and on holds up those who wait, and later fetches, no longer than one that is
  /// silent.
  @Test func anAnswerWithoutAnEndIsGivenUp() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      let fetcher = KeyFetcher(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, deadline: .milliseconds(300))
      server.answerEndlessly(Signer.keySet([Self.old]))
      let problem = await #expect(throws: KeyProblem.self) { try await fetcher.fetch(server.url, terms: KeyTerms()) }
      #expect(problem?.message == "gave no complete answer within 0.3 seconds")
      server.answer(Signer.keySet([Self.new]))
      let next = try? await fetcher.fetch(server.url, terms: KeyTerms())
      #expect(next?.keys.map(\.name) == ["new"])
      await fetcher.shutdown()
    }
  }

  @Test func aServerThatIsGoneLeavesItsKeys() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server) { (rig: Rig) async throws in
        let label = server.url
        try await server.vanish()
        for number in 0..<30 {
          rig.clock.advance(seconds: 2)
          if number % 10 == 0 { #expect(await rig.plugin.judge.keys.renew().count == 1) }
          #expect(try await Asker.outcome(rig, Self.old.token(#"{"sub":"\#(number)"}"#)) == "next")
        }
        let gauges = rig.counters.gaugeSnapshot().filter { $0.key.name.contains("keys") }
        #expect(gauges.map(\.key.name) == ["gatehouse_token_keys_age_seconds"])
        #expect(gauges.map(\.key.labels) == ["source=\"\(label)\""], "neither query nor fragment")
        #expect(gauges.map(\.value) == [60])
        let counters = rig.counters.snapshot().filter { $0.key.name.contains("keys") }
        #expect(
          counters.map(\.key.name) == [
            "gatehouse_token_keys_fetch_failures_total", "gatehouse_token_keys_fetches_total",
          ])
        #expect(counters.map(\.value) == [3, 4])
      }
    }
  }

  /// After a failure the next renewal comes sooner than usual.
  @Test func failuresAreTriedAgain() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server, [("cooldown", "1s")]) { (rig: Rig) async throws in
        func advance(_ seconds: Int64) async throws {
          while rig.clock.asleep == 0 { try await Task.sleep(for: .milliseconds(2)) }
          rig.clock.advance(seconds: seconds)
        }
        server.answer("", status: .internalServerError)
        try await advance(3600)
        try await server.waitForRequests(2)
        try await advance(2)
        try await server.waitForRequests(3)
        server.answer(Signer.keySet([Self.new]))
        try await advance(4)
        try await server.waitForRequests(4)
        try await advance(0)
        #expect(try await Asker.outcome(rig, Self.new.token("{}")) == "next")
        #expect(rig.counters.gaugeSnapshot().filter { $0.key.name.contains("keys") }.map(\.value) == [0])
      }
    }
  }

  /// In real time: keys change faster than they may be fetched, and no token is refused whose key was published.
  @Test func keysRotateFasterThanTheCooldown() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withRig(server, [("cooldown", "100ms")], isRealTime: true) { (rig: Rig) async throws in
        let begin = ContinuousClock.now
        var signers = [Self.old]
        var asked: [EventLoopFuture<Judgement>] = []
        for number in 0..<60 {
          // Some tokens are of older keys; as long as these are published, they are good.
          signers.append(Signer(key: .ed25519(.init()), name: "k\(number)"))
          server.answer(Signer.keySet(signers))
          for signer in signers.suffix(2) {
            asked.append(try await Asker.ask(rig, signer.token(#"{"sub":"\#(number)"}"#)).last)
          }
          asked.append(try await Asker.ask(rig, Self.stranger.token(#"{"sub":"\#(number)"}"#)).last)
          try await Task.sleep(for: .milliseconds(25))
        }
        for (index, one) in asked.enumerated() {
          #expect(try await one.get().text == (index % 3 == 2 ? "token_key_unknown" : "next"))
        }
        let most = Int((ContinuousClock.now - begin) / .milliseconds(100)) + 2
        #expect(server.requests <= most)
      }
    }
  }
}
