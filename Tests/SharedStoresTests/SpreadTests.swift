import GatewayKit
import NIOCore
import Testing

@testable import SharedStores

/// When a gateway has missed a change.
@Suite struct SpreadTests {
  private static func sequence(_ number: Int64) -> SpreadSequence {
    var sequence = SpreadSequence()
    sequence.asks()
    sequence.told(number, "\(number)")
    _ = sequence.settles()
    return sequence
  }

  /// Hears changes whose names are their numbers.
  private static func hear(_ numbers: [Int64], _ sequence: inout SpreadSequence) -> [SpreadSequence.Finding] {
    numbers.map { sequence.received($0, "\($0)", after: "\($0 - 1)") }
  }

  @Test func theFirstConnectionMayHaveMissedAnything() {
    var sequence = SpreadSequence()
    sequence.asks()
    sequence.told(7, "7")
    let isMissed = sequence.settles()
    #expect(isMissed == .missed && sequence.last == 7)
    var other = SpreadSequence()
    let isGap = other.received(3, "3", after: "2")
    #expect(isGap == .missed && other.last == 3)
  }

  @Test func aGapIsSomethingMissed() {
    var sequence = Self.sequence(7)
    // The last one: a server that was lost begins elsewhere.
    let missed = Self.hear([8, 9, 11, 12, 3], &sequence)
    #expect(missed == [.nothing, .nothing, .missed, .nothing, .wentBack(12)])
  }

  /// A server that has lost changes, and has counted as many others since.
  @Test func otherChangesWithTheSameNumbersAreFoundOut() {
    var sequence = Self.sequence(7)
    sequence.asks()
    sequence.told(7, "another")
    let findings = [sequence.settles(), sequence.received(8, "8", after: "another")]
    #expect(findings == [.missed, .nothing])
    // The same, when others are heard before the server has said its number.
    var other = Self.sequence(7)
    other.asks()
    let heard = other.received(8, "8", after: "another")
    other.told(8, "8")
    let settled = other.settles()
    #expect(heard == .missed && settled == .nothing)
  }

  @Test func messagesAreReadAsTheyAreWritten() throws {
    let message = try #require(SpreadMessage(ByteBuffer(string: "7 a.1 b.2 {\"changed\":\"/a b\",\"domain\":\"d\"}")))
    #expect(message.number == 7 && message.previous == "a.1" && message.name == "b.2")
    #expect(message.change == .path("/a b", domain: "d") && message.isFrom("b") && !message.isFrom("a"))
    #expect(SpreadMessage(ByteBuffer(string: "7 a.1 b.2 nonsense"))?.change == nil)
    for bad in ["", "7", "7 a b", "x a b {}"] { #expect(SpreadMessage(ByteBuffer(string: bad)) == nil, "\(bad)") }
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
    var gaps = Self.hear(before, &sequence)
    sequence.told(number, "\(number)")
    gaps += Self.hear(after, &sequence)
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
    var queue = queue([.path("/other", domain: "b")] + (0..<10_000).map { .path("/\($0)", domain: "a") })
    #expect(queue.count <= SpreadQueue.most)
    let news = take(&queue)
    #expect(news.contains(SpreadNews(change: .path("/other", domain: "b"), number: 1)))
    // It stands for all of them, from the first on.
    #expect(news.contains(SpreadNews(change: .domain("a"), number: 2)))
    #expect(news.count == 2 && queue.isEmpty && queue.newest == 10_001)
  }

  @Test func tooManyDomainsAreEverything() {
    var queue = queue((0..<1030).map { .tag("t", domain: "\($0)") })
    #expect(take(&queue) == [SpreadNews(change: .purge(CachePurge(.all)), number: 1)] && queue.newest == 1030)
  }

  @Test func whatWaitsIsSaidOnce() {
    var queue = queue(Array(repeating: .path("/a", domain: "a"), count: 5000))
    #expect(queue.count == 1 && queue.newest == 5000)
    _ = queue.popFirst()
    // What was sent before does not stand for what comes later.
    queue.append(SpreadNews(change: .path("/a", domain: "a"), number: 5001))
    #expect(queue.count == 1)
  }

  /// Whoever goes by numbers takes nothing for told that waits again.
  @Test func whatIsPutBackWaitsWhereItDid() {
    var queue = queue([.path("/a", domain: "a"), .tag("t", domain: "a"), .path("/a", domain: "b")])
    let (first, second) = (queue.popFirst(), queue.popFirst())
    queue.append(SpreadNews(change: .path("/a", domain: "a"), number: 4))
    if let second { queue.putBack(second) }
    #expect(queue.first == 2)
    if let first { queue.putBack(first) }
    #expect(take(&queue).map(\.number) == [1, 2, 3, 4] && queue.newest == 4)
  }

  @Test func whatIsPutBackIsBoundedToo() {
    var queue = queue((0..<500).flatMap { [.path("/a", domain: "\($0)"), .path("/b", domain: "\($0)")] })
    for number in 0..<3000 { queue.putBack(SpreadNews(change: .tag("\(number)", domain: "9"), number: 0)) }
    #expect(queue.count <= SpreadQueue.most && queue.first == 0)
  }

  @Test func oneQueueTakesAnother() {
    var queue = queue([.path("/a", domain: "a")])
    var other = SpreadQueue()
    for number: UInt64 in 2...4 { other.append(SpreadNews(change: .path("/a", domain: "a"), number: number)) }
    queue.append(contentsOf: other)
    #expect(queue.count == 1 && queue.first == 1 && queue.newest == 4)
  }

  private func queue(_ changes: [CacheChange]) -> SpreadQueue {
    var queue = SpreadQueue()
    for (index, change) in changes.enumerated() {
      queue.append(SpreadNews(change: change, number: UInt64(index) + 1))
    }
    return queue
  }

  private func take(_ queue: inout SpreadQueue) -> [SpreadNews] {
    var news: [SpreadNews] = []
    while let next = queue.popFirst() { news.append(next) }
    return news
  }
}
