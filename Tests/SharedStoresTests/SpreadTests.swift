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
    #expect(isMissed && sequence.last == 7)
    var other = SpreadSequence()
    let isGap = other.received(3)
    #expect(isGap && other.last == 3)
  }

  @Test func aGapIsSomethingMissed() {
    var sequence = Self.sequence(7)
    // The last one: a server that was lost begins elsewhere.
    let missed = [8, 9, 11, 12, 3].map { sequence.received($0) }
    #expect(missed == [false, false, true, false, true])
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
    #expect(!gaps.contains(true))
    let settled = [sequence.settles(), sequence.settles()]
    #expect(settled == [isMissed, false])
  }

  @Test(arguments: [
    CacheChange.purge(CachePurge(.all)), .purge(CachePurge(.tag("t"), domain: "d")),
    .purge(CachePurge(.key(authority: "h:81", path: "/a", query: "b=\"c\""))), .path("/a b\u{e9}", domain: "d"),
    .tag("a\"b\\c", domain: "d"), .path("all", domain: "all"),
  ])
  func changesAreReadAsTheyAreWritten(change: CacheChange) throws {
    #expect(try CacheChange(Array(change.text.utf8)) == change)
  }

  @Test func whatIsTooLongIsItsDomain() throws {
    let change = CacheChange.path("/" + String(repeating: "a", count: 7000), domain: "d")
    #expect(try CacheChange(Array(change.text.utf8)) == .purge(CachePurge(.all, domain: "d")))
  }
}
