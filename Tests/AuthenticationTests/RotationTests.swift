import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Authentication
@testable import GatewayKit

/// Key sets at an address: a real server, real fetches, a clock that the test moves.
@Suite(.timeLimit(.minutes(1))) struct RotationTests {
  private static let old = Signer(key: .ed25519(.init()), name: "old")
  private static let new = Signer(key: .p256(.init()), name: "new")

  /// Counts how exchanges go on.
  private final class Driver: ExchangeDriver, Sendable {
    private let resumed: Mutex<[String]> = Mutex([])

    func resumed(_ exchange: Exchange, _ continuation: Continuation) {
      if case .again = continuation {
        resumed.withLock { $0.append("again") }
      } else {
        resumed.withLock { $0.append("?") }
      }
    }

    func waitFor(_ count: Int) async throws {
      while resumed.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(2)) }
    }

    var all: [String] { resumed.withLock { $0 } }
  }

  private static func settings(_ server: KeySetServer) -> Setting {
    ["keys": ["jwks": .text(server.url)], "cooldown": "2s", "refresh": "1h"]
  }

  private func withStarted(
    _ server: KeySetServer, _ test: (Rig) async throws -> Void
  ) async throws {
    let rig = try Rig(Self.settings(server))
    try await rig.plugin.start()
    do { try await test(rig) } catch {
      await rig.plugin.shutdown()
      throw error
    }
    await rig.plugin.shutdown()
  }

  /// Lets a request wait for keys on the rig's loop, as an engine does. Gives what the filter says at first.
  private func identify(_ rig: Rig, _ token: String, _ driver: Driver) async throws -> String {
    let rig = UncheckedBox(rig)
    return try await rig.value.loop.eventLoop.submit {
      let exchange = try rig.value.exchange(fields: ["Authorization: Bearer \(token)"])
      exchange.driver = driver
      let judgement = Judgement(rig.value.filter.identify(exchange), exchange.identity)
      return judgement.text
    }.get()
  }

  /// The rig is used on its loop only; tests of one rig do not overlap.
  private struct UncheckedBox: @unchecked Sendable {
    let value: Rig
    init(_ value: Rig) { self.value = value }
  }

  /// What becomes of a token when its key has been asked for.
  private func settled(_ rig: Rig, _ token: String) async throws -> String {
    let asked = try await Asker.ask(rig, token)
    // Again and again: whoever sleeps until the cooldown ends may not have begun to.
    let ticking = Task { [clock = rig.clock] in
      while (try? await Task.sleep(for: .milliseconds(5))) != nil { clock.advance(seconds: 2) }
    }
    defer { ticking.cancel() }
    return try await asked.last.get().text
  }

  @Test func keysAreFetchedBeforeTheStart() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      let rig = try Rig(Self.settings(server))
      #expect(server.requests == 0, "making the plugin asks nobody")
      #expect(try rig.judge(Self.old.token("{}")).text == "token_key_unknown")
      try await rig.plugin.start()
      #expect(server.requests == 1)
      #expect(try rig.judge(Self.old.token("{}")).text == "next")
      await rig.plugin.shutdown()
    }
  }

  /// A secret that anybody can fetch is none, whatever other sources hold.
  @Test func secretsAtAnAddressAreNotTaken() async throws {
    let published = Signer(key: .secret(Array(repeating: 7, count: 32)), name: "published")
    try await KeySetServer.run(Signer.keySet([Self.old, published])) { (server: KeySetServer) async throws in
      let own: Setting = ["secret": ["env": "KEY"], "kid": "oct"]
      let keys: Setting = [own, ["jwks": .text(server.url)]]
      let environment = ["KEY": "0123456789abcdef0123456789abcdef"]
      for (setting, expected): (Setting, String) in [
        (["keys": keys], "token_key_unknown"), (["keys": keys, "algorithms": ["EdDSA", "HS256"]], "next"),
      ] {
        let rig = try Rig(setting, environment: environment)
        try await rig.plugin.start()
        #expect(try await settled(rig, published.token("{}")) == expected)
        #expect(try rig.judge(Signer.secret.token("{}")).text == "next")
        #expect(try rig.judge(Self.old.token("{}")).text == "next")
        await rig.plugin.shutdown()
      }
    }
  }

  @Test(arguments: ["no", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"RSA"}]}"#, #"{"keys":[],"keys":[]}"#])
  func withoutKeysItDoesNotStart(_ body: String) async throws {
    try await KeySetServer.run(body) { (server: KeySetServer) async throws in
      let rig = try Rig(Self.settings(server))
      let error = await #expect(throws: KeyProblem.self) { try await rig.plugin.start() }
      #expect(error.map { $0.message.contains("holds no key") || $0.message.contains(server.url) } == true)
      // The command line prints the error as it is.
      #expect(error.map { "\($0)".hasPrefix("authentication has no keys: ") } == true)
    }
  }

  @Test func answersThatAreNoKeySetsFailTheStart() async throws {
    let set = Signer.keySet([Self.old])
    try await KeySetServer.run(set) { (server: KeySetServer) async throws in
      server.answer(set, status: .notFound)
      await #expect(throws: KeyProblem.self) { try await Rig(Self.settings(server)).plugin.start() }
      server.answer(set, status: .found, location: "\(server.url)?elsewhere")
      let before = server.requests
      await #expect(throws: KeyProblem.self) { try await Rig(Self.settings(server)).plugin.start() }
      #expect(server.requests == before + 1, "no redirect is followed")
      server.answer(set + String(repeating: " ", count: JSONWebKeySet.largest))
      await #expect(throws: KeyProblem.self) { try await Rig(Self.settings(server)).plugin.start() }
    }
    let unreachable = try Rig(["keys": ["jwks": "http://127.0.0.1:1/jwks.json"]])
    await #expect(throws: KeyProblem.self) { try await unreachable.plugin.start() }
  }

  @Test func anUnknownKeyIsFetchedOnceForAll() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withStarted(server) { (rig: Rig) async throws in
        rig.clock.advance(seconds: 11)
        server.answer(Signer.keySet([Self.old, Self.new]))
        server.hold()
        let driver = Driver()
        for number in 0..<20 {
          let token = Self.new.token(#"{"sub":"\#(number)"}"#)
          #expect(try await identify(rig, token, driver) == "wait")
        }
        // Tokens of known keys do not wait meanwhile.
        #expect(try await identify(rig, Self.old.token("{}"), driver) == "next")
        try await server.waitForRequests(2)
        server.release()
        try await driver.waitFor(20)
        #expect(server.requests == 2, "one fetch at the start, one for all")
        #expect(driver.all == Array(repeating: "again", count: 20))
        #expect(try await identify(rig, Self.new.token("{}"), driver) == "next")
        #expect(try await identify(rig, Self.old.token("{}"), driver) == "next")
      }
    }
  }

  @Test func theLastGoodKeysStayWhenAFetchFails() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      try await withStarted(server) { (rig: Rig) async throws in
        let token = Self.old.token("{}")
        for (body, status) in [("", 500), ("oops", 200), (#"{"keys":[{"kty":"OKP"}]}"#, 200), ("{}", 200)] {
          server.answer(body, status: .init(statusCode: status))
          await rig.plugin.judge.keys.renew()
          #expect(try rig.judge(token).text == "next")
          #expect(try rig.judge(Self.old.token(#"{"sub":"\#(body.count)"}"#)).text == "next")
        }
        #expect(server.requests == 5)
        server.answer(Signer.keySet([Self.new]))
        await rig.plugin.judge.keys.renew()
        #expect(try rig.judge(Self.new.token("{}")).text == "next")
      }
    }
  }

  /// A key that is withdrawn takes what it verified with it, cached or not; the others' cached facts stay.
  @Test func withdrawnKeysEndTheirTokens() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old, Self.new])) { (server: KeySetServer) async throws in
      try await withStarted(server) { (rig: Rig) async throws in
        let (first, second) = (Self.old.token("{}"), Self.new.token("{}"))
        #expect(try rig.judge(first).text == "next")
        let kept = try rig.judge(second).identity
        server.answer(Signer.keySet([Self.new]))
        await rig.plugin.judge.keys.renew()
        #expect(try await settled(rig, first) == "token_key_unknown")
        #expect(try rig.judge(second).identity === kept)
        // Another key under the same name is another key.
        let impostor = Signer(key: .p256(.init()), name: "new")
        server.answer(Signer.keySet([impostor]))
        await rig.plugin.judge.keys.renew()
        #expect(try rig.judge(second).text == "token_signature_invalid")
        #expect(try rig.judge(impostor.token("{}")).text == "next")
        // An empty set is a statement: no key is good any more.
        server.answer(#"{"keys":[]}"#)
        await rig.plugin.judge.keys.renew()
        #expect(try await settled(rig, impostor.token("{}")) == "token_key_unknown")
      }
    }
  }

  @Test func brokenKeysAmongGoodOnesAreLeftOut() async throws {
    let set = #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},\#(Self.old.jwk),\#(Signer.secret.jwk),7]}"#
    try await KeySetServer.run(set) { (server: KeySetServer) async throws in
      try await withStarted(server) { (rig: Rig) async throws in
        #expect(try rig.judge(Self.old.token("{}")).text == "next")
        // A secret that anybody can fetch is none.
        #expect(try rig.judge(Signer.secret.token("{}")).text == "token_algorithm_refused")
      }
    }
  }

  @Test func thoseWhoWaitGoOnWhenThePluginEnds() async throws {
    try await KeySetServer.run(Signer.keySet([Self.old])) { (server: KeySetServer) async throws in
      let rig = try Rig(Self.settings(server))
      try await rig.plugin.start()
      rig.clock.advance(seconds: 11)
      server.hold()
      let driver = Driver()
      #expect(try await identify(rig, Self.new.token("{}"), driver) == "wait")
      try await server.waitForRequests(2)
      await rig.plugin.shutdown()
      try await driver.waitFor(1)
      #expect(try await identify(rig, Self.new.token("{}"), driver) == "token_key_unknown")
      server.release()
    }
  }

  @Test func filesAreReadAgainWhenTheyChanged() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("keys.json", Signer.keySet([Self.old]))
    let rig = try Rig(["keys": ["jwks": .text(file)]])
    try await rig.plugin.start()
    #expect(try rig.judge(Self.old.token("{}")).text == "next")
    let before = try rig.judge(Self.old.token("{}")).identity
    await rig.plugin.judge.keys.renew()
    #expect(try rig.judge(Self.old.token("{}")).identity === before)
    _ = try folder.write("keys.json", "{")
    await rig.plugin.judge.keys.renew()
    #expect(try rig.judge(Self.old.token("{}")).text == "next")
    try FileManager.default.removeItem(atPath: file)
    await rig.plugin.judge.keys.renew()
    #expect(try rig.judge(Self.old.token("{}")).text == "next")
    _ = try folder.write("keys.json", Signer.keySet([Self.new]))
    await rig.plugin.judge.keys.renew()
    #expect(try rig.judge(Self.old.token("{}")).text == "token_key_unknown")
    #expect(try rig.judge(Self.new.token("{}")).text == "next")
    await rig.plugin.shutdown()
  }
}
