import GatewayKit
import Testing

@testable import SharedStores

/// When a gateway has missed a change.
@Suite struct SpreadTests {
  private static func sequence(_ number: Int64) -> SpreadSequence {
    var sequence = SpreadSequence()
    sequence.asks()
    sequence.told(number)
    _ = sequence.settles()
    return sequence
  }

  @Test func theFirstConnectionMayHaveMissedAnything() {
    var sequence = SpreadSequence()
    sequence.asks()
    sequence.told(7)
    let isMissed = sequence.settles()
    #expect(isMissed == .missed && sequence.last == 7)
    var other = SpreadSequence()
    let isGap = other.received(3)
    #expect(isGap == .missed && other.last == 3)
  }

  @Test func aGapIsSomethingMissed() {
    var sequence = Self.sequence(7)
    // The last one: a server that was lost begins elsewhere.
    let missed = [8, 9, 11, 12, 3].map { sequence.received($0) }
    #expect(missed == [.nothing, .nothing, .missed, .nothing, .wentBack(12)])
  }

  /// Connected anew: what the server says against what was heard, while changes go on.
  @Test(
    arguments: [
      ([], 7, [], false), ([], 8, [], true), ([], 6, [], true), ([], 1, [], true),
      // Published before it said its number and heard after; before both; after both.
      ([], 8, [8], false), ([8], 8, [], false), ([], 7, [8, 9], false), ([8], 9, [9, 10], false),
      // Heard everything but the number is older than all that was heard since asking.
      ([8], 6, [], true), ([], 9, [8], true),
    ] as [([Int64], Int64, [Int64], Bool)])
  func comparesNumbers(before: [Int64], number: Int64, after: [Int64], isMissed: Bool) {
    var sequence = Self.sequence(7)
    sequence.asks()
    var gaps = before.map { sequence.received($0) }
    sequence.told(number)
    gaps += after.map { sequence.received($0) }
    #expect(gaps.allSatisfy { $0 == .nothing })
    let last = sequence.last
    let settled = [sequence.settles(), sequence.settles()]
    let missed = last.map { number < $0 ? SpreadSequence.Finding.wentBack($0) : .missed }
    #expect(settled == [isMissed ? missed : .nothing, .nothing])
  }

  @Test(arguments: [
    CacheChange.purge(CachePurge(.all)), .purge(CachePurge(.tag("t"), domain: "d")),
    .purge(CachePurge(.key(authority: "h:81", path: "/a", query: "b=\"c\""))), .path("/a b\u{e9}", domain: "d"),
    .tag("a\"b\\c", domain: "d"), .path("all", domain: "all"), .domain("d"),
  ])
  func changesAreReadAsTheyAreWritten(change: CacheChange) throws {
    #expect(try CacheChange(Array(change.text.utf8)) == change)
  }

  @Test func whatIsTooLongIsItsDomain() throws {
    let change = CacheChange.path("/" + String(repeating: "a", count: 7000), domain: "d")
    #expect(try CacheChange(Array(change.text.utf8)) == .domain("d"))
  }

  /// Others lose what the one domain has that changes so much, and nothing else.
  @Test func tooManyChangesOfADomainAreItsDomain() {
    var queue = SpreadQueue()
    queue.append(.path("/other", domain: "b"))
    for number in 0..<10_000 { queue.append(.path("/\(number)", domain: "a")) }
    #expect(queue.count <= SpreadQueue.most)
    var changes: [CacheChange] = []
    while let change = queue.popFirst() { changes.append(change) }
    #expect(changes.contains(.path("/other", domain: "b")) && changes.contains(.domain("a")))
    #expect(changes.count == 2 && queue.isEmpty)
  }

  @Test func tooManyDomainsAreEverything() {
    var queue = SpreadQueue()
    for number in 0..<1030 { queue.append(.tag("t", domain: "\(number)")) }
    #expect(queue.count == 1 && queue.popFirst() == .purge(CachePurge(.all)))
  }

  @Test func whatWaitsIsSaidOnce() {
    var queue = SpreadQueue()
    for _ in 0..<5000 { queue.append(.path("/a", domain: "a")) }
    #expect(queue.count == 1)
    _ = queue.popFirst()
    // What was sent before does not stand for what comes later.
    queue.append(.path("/a", domain: "a"))
    #expect(queue.count == 1)
  }
}
