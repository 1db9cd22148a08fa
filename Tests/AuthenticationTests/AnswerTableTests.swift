import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct AnswerTableTests {
  private func with<R>(_ token: String, _ domain: DomainFacts?, _ body: (Question) -> R) -> R {
    var token = token
    return token.withUTF8 { body(Question(UnsafeRawBufferPointer($0), domain, seed: 7)) }
  }

  private func insert(_ table: AnswerTable, _ token: String, _ domain: DomainFacts? = nil, until: Int64 = 100) {
    with(token, domain) { table.insert(AnswerEntry(answer: .refused(.inactive), freshUntil: until), for: $0) }
  }

  private func found(_ table: AnswerTable, _ token: String, _ domain: DomainFacts? = nil) -> Int64? {
    with(token, domain) { table.entry(of: $0, at: 0)?.entry.freshUntil }
  }

  @Test func tokenAndDomainTogetherAreTheKey() {
    let table = AnswerTable(entries: 100, bytes: 1 << 20, seed: 7)
    let (one, two) = (DomainFacts(name: "one"), DomainFacts(name: "two"))
    insert(table, "t", one, until: 1)
    insert(table, "t", two, until: 2)
    insert(table, "t", nil, until: 3)
    insert(table, "tone", nil, until: 4)
    #expect(found(table, "t", DomainFacts(name: "one")) == 1, "an equal name of a later generation is the same domain")
    #expect(found(table, "t", two) == 2 && found(table, "t") == 3 && found(table, "tone") == 4)
    #expect(found(table, "t", DomainFacts(name: "three")) == nil && found(table, "T", one) == nil)
    with("t", one) { table.remove($0) }
    #expect(found(table, "t", one) == nil && found(table, "t", two) == 2)
  }

  /// Hashes lead to a place; bytes decide.
  @Test(arguments: [1, 7, 8, 9, 31]) func everyByteCounts(_ count: Int) {
    let token = [UInt8](repeating: 0x61, count: count)
    let entry = token.withUnsafeBytes { TokenEntry($0, 1, cost: 0) }
    func isSame(_ other: [UInt8]) -> Bool { other.withUnsafeBytes { entry.isOf($0) } }
    #expect(isSame(token))
    #expect(!isSame(token + [0x61]) && !isSame(Array(token.dropLast())))
    for place in 0..<count {
      var other = token
      other[place] = 0x62
      #expect(!isSame(other))
    }
  }

  @Test(arguments: [(1000, 1 << 30), (5, 1 << 30), (100_000, 100_000)])
  func aFloodStaysWithinTheBounds(_ entries: Int, _ bytes: Int) {
    let table = AnswerTable(entries: entries, bytes: bytes, seed: 7)
    for number in 0..<5000 {
      insert(table, "token\(number)")
      #expect(found(table, "token\(number)") == 100)
    }
    #expect(table.count <= entries && table.bytes <= bytes && table.count > 0)
    #expect((0..<5000).count { found(table, "token\($0)") != nil } == table.count)
  }

  @Test func whatIsTooLargeReplacesNothingByMistake() {
    let table = AnswerTable(entries: 10, bytes: 1000, seed: 7)
    insert(table, "t")
    insert(table, String(repeating: "x", count: 2000))
    #expect(table.count == 1 && found(table, "t") == 100)
  }

  @Test func oneCallerIsToldThatAnAnswerIsDue() {
    let table = AnswerTable(entries: 10, bytes: 1 << 20, seed: 7)
    with("t", nil) { question in
      table.insert(AnswerEntry(answer: .unavailable, freshUntil: 100, dueAt: 50), for: question)
      #expect(table.entry(of: question, at: 49)?.isDue == false)
      #expect(table.entry(of: question, at: 50)?.isDue == true)
      #expect(table.entry(of: question, at: 51)?.isDue == false)
    }
  }

  @Test func theBreakerLetsOneThroughInAWhile() {
    var breaker = Breaker()
    for _ in 0..<(Breaker.enough - 1) { breaker.failed(1, at: 0) }
    #expect(!breaker.isOpen && breaker.admits(1, at: 0))
    breaker.succeeded()
    for _ in 0..<Breaker.enough { breaker.failed(1, at: 0) }
    #expect(breaker.isOpen && !breaker.admits(1, at: Breaker.pause - 1))
    #expect(breaker.admits(1, at: Breaker.pause) && !breaker.admits(1, at: Breaker.pause))
    breaker.succeeded()
    #expect(!breaker.isOpen && breaker.admits(1, at: 0) && breaker.admits(1, at: 0))
  }

  /// What one domain's tokens do to the endpoint is no judgement on another's.
  @Test func theBreakerOpensForThoseWhoseQuestionsFail() {
    var breaker = Breaker()
    let enough = UInt16(Breaker.enoughOwners)
    for _ in 0..<Breaker.enough { breaker.failed(1, at: 0) }
    var told = [breaker.admits(1, at: 0), breaker.admits(2, at: 0)]
    breaker.failed(2, at: 0)
    told.append(breaker.admits(2, at: 0))
    #expect(told == [false, true, false])
    // Who asked last for all leaves the next time to the other.
    told = [breaker.admits(1, at: Breaker.pause)]
    breaker.failed(1, at: Breaker.pause)
    told += [breaker.admits(1, at: 2 * Breaker.pause), breaker.admits(2, at: 2 * Breaker.pause)]
    #expect(told == [true, false, true])
    for owner in 3...enough { breaker.failed(owner, at: 2 * Breaker.pause) }
    told = [breaker.admits(100, at: 2 * Breaker.pause)]
    breaker.succeeded()
    told += (1...4).map { breaker.admits($0, at: 0) }
    #expect(told == [false, true, true, true, true])
  }
}
