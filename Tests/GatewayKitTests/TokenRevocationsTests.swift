import Foundation
import GatewayTesting
import Synchronization
import Testing

@testable import GatewayKit

func identity(_ id: String, issuer: String = "id.example", hash: UInt64 = 7) -> Identity {
  let none = Fingerprint(0, 0, 0, 0)
  return Identity(
    fingerprint: Fingerprint(hash.byteSwapped, 1, 2, 3), subject: "s", kind: "", issuer: issuer, tokenID: id,
    scopes: [],
    scopesFingerprint: none, expiry: .max)
}

@Suite struct TokenRevocationsTests {
  private let clock = TestClock()

  @Test func asksNothingWhileNothingWasRevoked() {
    let list = TokenRevocations(clock: clock)
    let one = identity("a")
    #expect(!list.isRevoked(one) && list.version == 0 && list.list == [] && list.path == nil)
    #expect(one.passedRevocations.load(ordering: .relaxed) == 0)
  }

  /// Which tokens a revocation means.
  @Test(arguments: [
    (TokenRevocation.Target.id("a", issuer: nil), [true, true, false, true]),
    (.id("a", issuer: "id.example"), [true, false, false, true]),
    (.id("a", issuer: ""), [false, false, false, false]),
    (.id("", issuer: nil), [false, false, false, false]),
    (.hash(0x0123_4567_89AB_CDEF), [false, false, false, true]),
    (.hash(7), [true, true, true, false]),
  ])
  func meansWhatItNames(_ target: TokenRevocation.Target, _ expected: [Bool]) throws {
    let list = TokenRevocations(clock: clock)
    _ = try list.revoke(TokenRevocation(target))
    let tokens = [
      identity("a"), identity("a", issuer: "other.example"), identity("", issuer: ""),
      identity("a", hash: 0x0123_4567_89AB_CDEF),
    ]
    #expect(tokens.map(list.isRevoked) == expected)
  }

  @Test func theHashIsTheOneThatTheLogShows() throws {
    let token = identity("a", hash: 0x0003_4567_89AB_CDEF)
    #expect(token.fingerprint.shortText == "0003456789abcdef")
    for text in ["0003456789abcdef", "0003456789ABCDEF"] {
      let list = TokenRevocations(clock: clock)
      let members = try RevocationMembers(Array("{\"hash\":\"\(text)\"}".utf8), known: ["hash"])
      _ = try list.revoke(TokenRevocation(try members.target()))
      #expect(list.isRevoked(token))
    }
  }

  @Test func looksOnceForEachVersion() throws {
    let list = TokenRevocations(clock: clock)
    let (one, other) = (identity("a"), identity("b"))
    _ = try list.revoke(TokenRevocation(.id("c", issuer: nil)))
    #expect(!list.isRevoked(one) && !list.isRevoked(other))
    #expect(one.passedRevocations.load(ordering: .relaxed) == list.version)
    let before = list.version
    _ = try list.revoke(TokenRevocation(.id("a", issuer: nil)))
    #expect(list.version != before)
    #expect(list.isRevoked(one) && list.isRevoked(one) && !list.isRevoked(other))
    #expect(try list.restore(.id("a", issuer: nil))?.target == .id("a", issuer: nil))
    #expect(!list.isRevoked(one) && one.passedRevocations.load(ordering: .relaxed) == list.version)
    #expect(try list.restore(.id("a", issuer: nil)) == nil)
  }

  @Test func aRevocationIsReplacedByTheNextOfItsTarget() throws {
    let list = TokenRevocations(clock: clock, most: 1)
    let first = try list.revoke(TokenRevocation(.hash(1), note: "one"))
    clock.advance(by: .seconds(60))
    let second = try list.revoke(TokenRevocation(.hash(1), note: "two", until: first.since + 100))
    #expect(second.since == first.since && second.note == "two" && list.list == [second])
  }

  @Test func endsWhenItSays() throws {
    let list = TokenRevocations(clock: clock)
    let token = identity("a")
    let now = clock.wall() / 1_000_000_000
    _ = try list.revoke(TokenRevocation(.id("a", issuer: nil), until: now + 10))
    clock.advance(by: .seconds(9))
    #expect(list.isRevoked(token) && list.list.count == 1)
    clock.advance(by: .seconds(1))
    #expect(!list.isRevoked(token) && list.list == [])
    #expect(try list.restore(.id("a", issuer: nil)) == nil)
  }

  @Test func isNeverFullerThanItMayBe() throws {
    let list = TokenRevocations(clock: clock, most: 2)
    let now = clock.wall() / 1_000_000_000
    _ = try list.revoke(TokenRevocation(.hash(1)))
    _ = try list.revoke(TokenRevocation(.hash(2), until: now + 10))
    #expect(throws: RevocationFailure.full(most: 2)) { try list.revoke(TokenRevocation(.hash(3))) }
    #expect(list.list.map(\.target) == [.hash(1), .hash(2)] && !list.isRevoked(identity("a", hash: 3)))
    clock.advance(by: .seconds(10))
    _ = try list.revoke(TokenRevocation(.hash(3)))
    #expect(list.list.map(\.target) == [.hash(1), .hash(3)])
  }

  /// Who begins to ask after the revocation is in force hears of it, whatever others were told before.
  @Test func holdsForAllLoopsAtOnce() async throws {
    for round in 0..<50 {
      let race = try Race(identity("round \(round)"), clock)
      await withTaskGroup { tasks in
        for _ in 0..<4 { tasks.addTask { await race.ask() } }
        tasks.addTask { await race.revoke() }
      }
      #expect(race.asked.load(ordering: .relaxed) >= 100 && race.wrong.load(ordering: .relaxed) == 0)
    }
  }

  private final class Race: Sendable {
    let list: TokenRevocations
    let token: Identity
    let isInForce = Atomic<Bool>(false)
    let asked = Atomic<Int>(0)
    let wrong = Atomic<Int>(0)

    init(_ token: Identity, _ clock: TestClock) throws {
      self.token = token
      list = TokenRevocations(clock: clock)
      _ = try list.revoke(TokenRevocation(.hash(99)))
    }

    func ask() async {
      var isLast = false
      while !isLast {
        isLast = isInForce.load(ordering: .acquiring)
        if !list.isRevoked(token), isLast { wrong.wrappingAdd(1, ordering: .relaxed) }
        asked.wrappingAdd(1, ordering: .relaxed)
        await Task.yield()
      }
    }

    func revoke() async {
      while asked.load(ordering: .relaxed) < 100 { await Task.yield() }
      _ = try? list.revoke(TokenRevocation(.id(token.tokenID, issuer: nil)))
      isInForce.store(true, ordering: .releasing)
    }
  }
}

@Suite struct RevocationMembersTests {
  private static let known = ["id", "issuer", "hash", "note", "until"]

  @Test(arguments: [
    ("", "object"), ("[]", "object"), ("null", "object"), ("{", "double quotes"), ("{}", "no token is named"),
    ("{\"id\":\"a\"", "`,` or `}`"), ("{\"id\":\"a\"}x", "nothing more"), ("{\"id\":\"a\",}", "double quotes"),
    ("{\"id\":1}", "double quotes"), ("{\"id\":null}", "double quotes"), ("{\"id\":{\"a\":\"b\"}}", "double quotes"),
    ("{\"id\" \"a\"}", "colon"), ("{\"id\":\"a}", "no end"), ("{\"id\":\"a\nb\"}", "control character"),
    ("{\"id\":\"\\x\"}", "unknown escape"), ("{\"id\":\"\\u12g4\"}", "hexadecimal"),
    ("{\"id\":\"\\ud800\"}", "surrogate"), ("{\"id\":\"\\udc00\"}", "surrogate"),
    ("{\"id\":\"\\ud800\\u0041\"}", "surrogate"), ("{\"id\":\"a\",\"id\":\"b\"}", "twice"),
    ("{\"ID\":\"a\"}", "unknown member ID; known are id, issuer"), ("{\"id\":\"a\",\"hash\":\"b\"}", "one of them"),
    ("{\"id\":\"\"}", "`id` is empty"), ("{\"id\":\"\(String(repeating: "a", count: 1025))\"}", "1024"),
    ("{\"id\":\"a\",\"issuer\":\"\"}", "`issuer` is empty"), ("{\"hash\":\"0123\"}", "16 hexadecimal"),
    ("{\"hash\":\"0123456789abcdeg\"}", "16 hexadecimal"), ("{\"hash\":\"+123456789abcdef\"}", "16 hexadecimal"),
    ("{\"hash\":\"0123456789abcdef\",\"issuer\":\"a\"}", "goes with `id`"), ("{\"issuer\":\"a\"}", "no token is named"),
    ("{\"id\":\"a\",\"note\":\"\"}", "`note` is empty"),
    ("{\"id\":\"a\",\"note\":\"\(String(repeating: "a", count: 257))\"}", "256"),
    ("{\"id\":\"a\",\"until\":\"soon\"}", "2030-01-01T00:00:00Z"),
    ("{\"id\":\"a\",\"until\":\"2030-02-30T00:00:00Z\"}", "no time"),
    ("{\"id\":\"a\",\"until\":\"2030-01-01T24:00:00Z\"}", "no time"),
    ("{\"id\":\"a\",\"until\":\"9999999999-1-1-1-1-1\"}", "no time"),
  ])
  func refuses(_ json: String, _ reason: String) {
    let problem = #expect(throws: RevocationMembers.Problem.self) {
      let members = try RevocationMembers(Array(json.utf8), known: Self.known)
      _ = try members.target()
      _ = try members.note()
      _ = try members.time("until")
    }
    #expect(problem?.message.contains(reason) == true, "\(problem?.message ?? "")")
  }

  @Test func refusesWhatIsNoText() {
    #expect(throws: RevocationMembers.Problem.self) {
      try RevocationMembers([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x22, 0x22, 0x7D], known: Self.known)
    }
  }

  @Test func readsWhatItWrites() throws {
    for text in ["a", "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{85}\u{2028}", "ä\u{1F600}{}[],:"] {
      let line = TextObject.render([("id", text), ("note", "n")])
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 })
      #expect(try RevocationMembers(Array(line.utf8), known: Self.known).target() == .id(text, issuer: nil))
    }
    let escaped = " { \"id\" : \"\\u00e4\\ud83d\\ude00\\/\" } \n"
    let members = try RevocationMembers(Array(escaped.utf8), known: Self.known)
    #expect(try members.target() == .id("ä\u{1F600}/", issuer: nil))
  }

  @Test func timesComeBack() {
    for seconds in stride(from: Int64(0), to: 253_402_300_799, by: 86_399 * 37) {
      #expect(CivilTime.seconds(of: CivilTime.text(of: seconds)) == seconds)
    }
    #expect(CivilTime.seconds(of: "2024-02-29T23:59:59Z") == 1_709_251_199)
    #expect(CivilTime.seconds(of: "2023-02-29T23:59:59Z") == nil)
  }
}
