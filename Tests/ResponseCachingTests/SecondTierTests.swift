import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import NIOEmbedded
import Testing

@testable import ResponseCaching

/// A store of answers that forgets nothing by itself; the test says when it answers.
private final class FakeAnswers: SharedAnswers, SharedAnswersAccess, @unchecked Sendable {
  let secret = Secret(Array("a secret of 32 bytes or even more".utf8))
  let largest = 64 << 10
  let patience: Int64 = 50_000_000
  var domainRate = 4 << 20
  var time: SharedAnswerTime? = SharedAnswerTime(epoch: 1, time: 1)
  var kept: [[UInt8]: ByteBuffer] = [:]
  var lifetimes: [[UInt8]: Int64] = [:]
  var isAskable = true
  var hasRoom = true
  var asked = 0
  private var waiting: [(name: [UInt8], then: (SharedAnswerFound) -> Void)] = []

  func access(on loop: LoopContext) -> (any SharedAnswersAccess)? { self }

  func isReady() -> Bool { isAskable }

  func hasRoom(for bytes: Int) -> Bool { hasRoom && bytes <= largest }

  func find(_ name: [UInt8], then: @escaping (SharedAnswerFound) -> Void) -> Bool {
    guard isAskable else { return false }
    asked += 1
    waiting.append((name, then))
    return true
  }

  func keep(_ answer: ByteBuffer, as name: [UInt8], for lifetime: Int64, orLonger: Bool) -> Bool {
    guard hasRoom(for: answer.readableBytes) else { return false }
    kept[name] = answer
    lifetimes[name] = max(lifetime, orLonger ? lifetimes[name] ?? 0 : 0)
    return true
  }

  func drop(_ name: [UInt8]) -> Bool {
    guard isAskable else { return false }
    kept[name] = nil
    return true
  }

  func answer(failing: Bool = false, most: Int = .max) {
    var left = most
    while !waiting.isEmpty, left > 0 {
      left -= 1
      let (name, then) = waiting.removeFirst()
      then(failing ? .failed : kept[name].map { .answer($0) } ?? .nothing)
    }
  }
}

private final class Turns: ExchangeDriver {
  var resumed: [Exchange] = []

  func resumed(_ exchange: Exchange, _ continuation: Continuation) { resumed.append(exchange) }
}

/// Gateways of one loop each that share a store.
@Suite struct SecondTierTests {
  private let answers = FakeAnswers()
  private let turns = Turns()

  private struct Node {
    let bench: Bench
    let filter: CacheFilter
    var caches: AnswerCaches { bench.environment.caches }

    func lookups(_ result: String) -> UInt64 { count("gatehouse_cache_shared_lookups_total", result) }
    func writes(_ result: String) -> UInt64 { count("gatehouse_cache_shared_writes_total", result) }
    func requests(_ result: String) -> UInt64 { count("gatehouse_cache_requests_total", result) }

    private func count(_ name: String, _ result: String) -> UInt64 {
      bench.environment.counters.snapshot().first { $0.key.name == name && $0.key.labels == "result=\"\(result)\"" }?
        .value ?? 0
    }
  }

  private func node(_ settings: [String: ConfigNode.Value] = [:]) throws -> Node {
    let bench = Bench(sharedAnswers: answers)
    let defaults: [String: ConfigNode.Value] = ["share": .text("token"), "tags": .text("t")]
    var values = defaults.merging(settings) { $1 }
    if values["respect"] == nil, values["ttl"] == nil { values["ttl"] = .text("60s") }
    let plugin: ResponseCachingPlugin = try bench.plugin(values)
    return Node(bench: bench, filter: try #require(plugin.makeFilter(on: bench.loop) as? CacheFilter))
  }

  private func get(
    _ node: Node, _ fields: [String] = [], _ line: String = "GET /me HTTP/1.1", caller: UInt64 = 1,
    domain: String = "example.com"
  ) throws -> Exchange {
    let exchange = try node.bench.exchange(line, fields, domain: domain, identity: .sample(caller))
    exchange.driver = turns
    return exchange
  }

  private enum Step: Equatable { case origin, waits, answered(String) }

  private func look(_ node: Node, _ exchange: Exchange) -> Step {
    switch node.filter.lookup(exchange) {
    case .next: return .origin
    case .wait: return .waits
    case .reply(let reply):
      guard case .bytes(let body) = reply.content else { return .answered("") }
      return .answered(String(buffer: body))
    }
  }

  /// The whole look-up.
  private func lookUp(_ node: Node, _ exchange: Exchange) -> Step {
    let step = look(node, exchange)
    guard step == .waits else { return step }
    answers.answer()
    node.bench.eventLoop.run()
    return turns.resumed.contains { $0 === exchange } ? look(node, exchange) : .waits
  }

  private func answer(
    _ node: Node, _ exchange: Exchange, _ body: String, _ fields: [String] = [], status: Int = 200
  ) throws {
    let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + fields
    var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = ResponseHeadParser()
    #expect(try parser.parse(&bytes, into: &exchange.response, requestMethod: .get))
    node.filter.response(exchange)
    guard node.filter.storeHead(exchange) else { return }
    node.filter.storeBody(exchange, ByteBuffer(string: body))
    node.filter.storeEnd(exchange, complete: true)
  }

  private func fill(_ node: Node, _ exchange: Exchange, _ body: String = "body", _ fields: [String] = []) throws {
    #expect(lookUp(node, exchange) == .origin)
    try answer(node, exchange, body, fields)
  }

  @Test func oneFetchesForAll() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    second.bench.clock.advance(7_000_000_000)
    let exchange = try get(second)
    #expect(lookUp(second, exchange) == .answered("body"))
    #expect(exchange.cacheResult?.description == "shared")
    #expect(exchange.addedFields.contains("Age: 7\r\nCache-Status: gatehouse; hit; ttl=53; detail=shared\r\n"))
    // From then on it is in memory.
    let asked = answers.asked
    #expect(look(second, try get(second)) == .answered("body"))
    #expect(answers.asked == asked)
  }

  @Test func nothingCrossesAClass() throws {
    for share in ["token", "scopes", "domain"] {
      answers.kept = [:]
      let settings: [String: ConfigNode.Value] = ["share": .text(share)]
      let (first, second) = (try node(settings), try node(settings))
      try fill(first, get(first))
      #expect(lookUp(second, try get(second, domain: "other.example")) == .origin)
      #expect(lookUp(second, try get(second, [], "GET /me?a HTTP/1.1")) == .origin)
      #expect(lookUp(second, try get(second, [], "GET /you HTTP/1.1")) == .origin)
      let other = try node(["share": .text(share == "token" ? "public" : "token")])
      #expect(lookUp(other, try get(other)) == .origin)
      if share == "token" { #expect(lookUp(second, try get(second, caller: 2)) == .origin) }
      #expect(lookUp(second, try get(second)) == .answered("body"))
    }
  }

  /// Whoever moves what is kept to another name gives nobody another's answer.
  @Test func movedAnswersAreRefused() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first), "secret of 1")
    try fill(first, get(first, caller: 2), "secret of 2")
    let names = Array(answers.kept.keys)
    #expect(names.count == 2)
    (answers.kept[names[0]], answers.kept[names[1]]) = (answers.kept[names[1]], answers.kept[names[0]])
    for caller in [1, 2] as [UInt64] { #expect(lookUp(second, try get(second, caller: caller)) == .origin) }
    for name in names { answers.kept[name] = ByteBuffer(string: "1 1\nnonsense that is long enough to be one") }
    for caller in [3, 4] as [UInt64] { #expect(lookUp(second, try get(second, caller: caller)) == .origin) }
  }

  @Test func answersThatVary() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first, ["X-V: 1"]), "one", ["Vary: X-V"])
    try fill(first, get(first, ["X-V: 2"]), "two", ["Vary: X-V"])
    #expect(lookUp(second, try get(second, ["X-V: 2"])) == .answered("two"))
    #expect(lookUp(second, try get(second, ["X-V: 1"])) == .answered("one"))
    #expect(lookUp(second, try get(second, ["X-V: 3"])) == .origin)
  }

  /// What answers vary by stands there for as long as any of them is fresh, whichever was written last.
  @Test func aShortVariantHidesNone() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first, ["X-V: 1"]), "one", ["Vary: X-V"])
    try fill(first, get(first, ["X-V: 2"]), "two", ["Vary: X-V", "Cache-Control: max-age=1"])
    #expect(answers.lifetimes.values.sorted() == [1_000_000_000, 60_000_000_000, 60_000_000_000])
    for name in answers.kept.keys where answers.lifetimes[name] == 1_000_000_000 { answers.kept[name] = nil }
    #expect(lookUp(second, try get(second, ["X-V: 1"])) == .answered("one"))
  }

  /// Nobody else is asked for what this request does not want, or what cannot be kept.
  @Test func whoDoesNotAsk() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    let asked = answers.asked
    for directive in ["no-cache", "no-store"] {
      #expect(look(second, try get(second, ["Cache-Control: \(directive)"])) == .origin)
    }
    #expect(answers.asked == asked)
    #expect(lookUp(second, try get(second, ["Cache-Control: only-if-cached"])) == .answered("body"))
    // What comes of it is judged by the request.
    let third = try node()
    third.bench.clock.advance(10_000_000_000)
    #expect(lookUp(third, try get(third, ["Cache-Control: max-age=5"])) == .origin)
  }

  @Test func failuresAreMisses() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    let exchange = try get(second)
    #expect(look(second, exchange) == .waits && exchange.longestWait == answers.patience)
    answers.answer(failing: true)
    second.bench.eventLoop.run()
    #expect(look(second, exchange) == .origin)
    exchange.reset()
    answers.isAskable = false
    let unasked = try get(second)
    #expect(look(second, unasked) == .origin)
    unasked.reset()
    // It takes too long: what comes afterwards takes no newer one's place.
    answers.isAskable = true
    let late = try get(second)
    #expect(look(second, late) == .waits)
    late.cancelSuspension()
    let failed = second.lookups("failed")
    #expect(failed == 2)
    #expect(look(second, late) == .origin)
    #expect(second.lookups("failed") == failed + 1)
    try answer(second, late, "newer")
    answers.answer()
    #expect(second.lookups("failed") == failed + 1)
    #expect(look(second, try get(second)) == .answered("newer"))
  }

  /// It waits for the second question of `Vary` when its time is over.
  @Test func aSecondQuestionMayComeTooLate() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first, ["X-V: 1"]), "one", ["Vary: X-V"])
    let late = try get(second, ["X-V: 1"])
    #expect(look(second, late) == .waits)
    let asked = answers.asked
    answers.answer(most: 1)
    #expect(answers.asked == asked + 1 && !turns.resumed.contains { $0 === late })
    late.cancelSuspension()
    #expect(look(second, late) == .origin)
    #expect(second.lookups("failed") == 1)
    answers.answer()
    #expect(second.lookups("failed") == 1 && second.lookups("found") == 0)
  }

  /// Who leaves is no failure of the store's.
  @Test func whoLeavesIsNotCounted() throws {
    let second = try node()
    let gone = try get(second)
    #expect(look(second, gone) == .waits)
    gone.reset()
    answers.answer()
    #expect(second.lookups("failed") == 0)
  }

  /// It is no forgery that clocks differ, or that an answer's time ends on its way.
  @Test func staleAnswersAreExpired() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    second.bench.clock.advance(60_000_000_000)
    #expect(lookUp(second, try get(second)) == .origin)
    #expect(second.lookups("expired") == 1 && second.lookups("refused") == 0)
  }

  @Test func othersWaitForTheSameLookUp() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    let all = try (0..<4).map { _ in try get(second) }
    let asked = answers.asked
    for exchange in all { #expect(look(second, exchange) == .waits) }
    #expect(answers.asked == asked + 1)
    answers.answer()
    second.bench.eventLoop.run()
    #expect(look(second, all[0]) == .answered("body"))
    second.bench.eventLoop.run()
    for exchange in all[1...] {
      #expect(look(second, exchange) == .answered("body") && exchange.cacheResult?.description == "shared")
      // Nothing was forwarded for anybody.
      #expect(exchange.addedFields.contains("Cache-Status: gatehouse; hit; ttl=60; detail=shared\r\n"))
    }
    #expect(second.requests("shared") == 4 && second.requests("collapsed") == 0 && second.requests("miss") == 0)
  }

  /// One leaves while it asks: the next one does.
  @Test func whoLeavesLeavesTheTurn() throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    let (gone, next) = (try get(second), try get(second))
    #expect(look(second, gone) == .waits && look(second, next) == .waits)
    gone.reset()
    second.bench.eventLoop.run()
    #expect(turns.resumed.contains { $0 === next })
    #expect(lookUp(second, next) == .answered("body"))
  }

  // MARK: - Changes

  private final class Peers: CacheSpreading {
    let isConnected = true
    let patience = Duration.zero
    func spread(_ change: CacheChange, number: UInt64) {}
  }

  /// What was changed here is not taken from there until it is known there.
  @Test(arguments: [true, false]) func ownChangesHold(isKnownBefore: Bool) throws {
    let (first, second) = (try node(), try node())
    second.caches.spread(through: Peers(), includingWrites: true)
    try fill(first, get(first))
    let change = { (node: Node) in
      "/me".utf8.withContiguousStorageIfAvailable {
        node.caches.changed(DomainFacts(name: "example.com"), path: UnsafeRawBufferPointer($0))
      }
    }
    let exchange = try get(second)
    if isKnownBefore { _ = change(second) }
    #expect(look(second, exchange) == .waits)
    if !isKnownBefore { _ = change(second) }
    answers.answer()
    second.bench.eventLoop.run()
    #expect(look(second, exchange) == .origin)
    exchange.reset()
    // Other things do not matter.
    #expect(second.caches.sharedTime < second.caches.versions.now)
    try fill(first, get(first, [], "GET /you HTTP/1.1"), "other")
    #expect(lookUp(second, try get(second, [], "GET /you HTTP/1.1")) == .answered("other"))
    // The store knows it, and what is there now was fetched since, so far as this can tell.
    second.caches.untold.told(upTo: 1)
    #expect(second.caches.sharedTime == second.caches.versions.now)
    #expect(lookUp(second, try get(second)) == .answered("body"))
  }

  @Test func ownPurgesHold() throws {
    for purge in [CachePurge(.all), CachePurge(.tag("t"), domain: "example.com"), CachePurge(.prefix("/"))] {
      let (first, second) = (try node(), try node())
      second.caches.spread(through: Peers(), includingWrites: true)
      let exchange = try get(first)
      if lookUp(first, exchange) == .origin { try answer(first, exchange, "body") }
      second.caches.tell(.purge(purge))
      _ = second.caches.purge(purge)
      #expect(lookUp(second, try get(second)) == .origin, "\(purge)")
    }
  }

  /// An answer is of the time that was known before its request went out; without one it is not written.
  @Test func answersAreOfTheirTime() throws {
    let first = try node()
    let exchange = try get(first)
    #expect(lookUp(first, exchange) == .origin)
    answers.time = SharedAnswerTime(epoch: 1, time: 99)
    try answer(first, exchange, "body")
    #expect(
      answers.kept.values.allSatisfy { String(decoding: $0.readableBytesView.prefix(4), as: UTF8.self) == "1 1 " })
    answers.time = nil
    try fill(first, get(first, caller: 9))
    #expect(answers.kept.count == 1)
    #expect(first.writes("sent") == 1 && first.writes("dropped") == 1)
  }

  /// Who contradicts itself has a newer answer: the kept one is withdrawn, and what comes then is kept.
  @Test func whatComesAfterAContradictionIsKept() throws {
    let first = try node()
    try fill(first, get(first), "old", ["ETag: \"v1\""])
    first.bench.clock.advance(61_000_000_000)
    let exchange = try get(first)
    #expect(lookUp(first, exchange) == .origin)
    var bytes = ByteBuffer(string: "HTTP/1.1 304 Not Modified\r\nETag: \"v2\"\r\n\r\n")
    var parser = ResponseHeadParser()
    #expect(try parser.parse(&bytes, into: &exchange.response, requestMethod: .get))
    #expect(first.filter.wantsAnother(exchange))
    first.filter.willAskAnew(exchange)
    exchange.response.reset()
    try answer(first, exchange, "new", ["ETag: \"v2\""])
    #expect(look(first, try get(first)) == .answered("new"))
  }

  /// Who asks anew and gets what nobody keeps has shown that what others wrote is worth nothing.
  @Test(arguments: [(404, 0), (503, 1), (304, 1)])
  func whatIsOnlyThereIsTakenBack(status: Int, left: Int) throws {
    let (first, second) = (try node(), try node())
    try fill(first, get(first))
    #expect(answers.kept.count == 1)
    let exchange = try get(second, ["Cache-Control: no-cache"])
    #expect(lookUp(second, exchange) == .origin)
    try answer(second, exchange, "", status: status)
    #expect(answers.kept.count == left)
  }

  /// RFC 9111 section 4: the most recent answer counts, though an older one is still fresh elsewhere.
  @Test func anOlderAnswerDoesNotTakeThePlaceOfANewerOne() throws {
    let settings: [String: ConfigNode.Value] = ["respect": .text("origin")]
    let (first, second) = (try node(settings), try node(settings))
    try fill(first, get(first), "old", ["Cache-Control: public, max-age=100"])
    second.bench.clock.advance(5_000_000_000)
    (answers.isAskable, answers.hasRoom) = (false, false)
    try fill(second, get(second), "new", ["Cache-Control: public, max-age=1", "ETag: \"2\""])
    (answers.isAskable, answers.hasRoom) = (true, true)
    #expect(answers.kept.count == 1)
    #expect(look(second, try get(second)) == .answered("new"))
    second.bench.clock.advance(2_000_000_000)
    #expect(lookUp(second, try get(second)) == .origin)
    let third = try node(settings)
    #expect(lookUp(third, try get(third)) == .answered("old"))
  }

  @Test func largeAnswersStayInMemory() throws {
    let first = try node()
    try fill(first, get(first), String(repeating: "x", count: 64 << 10))
    #expect(answers.kept.isEmpty && first.writes("dropped") == 1)
    #expect(look(first, try get(first)) != .origin)
  }

  @Test func whatFindsNoRoomIsDropped() throws {
    answers.hasRoom = false
    let first = try node()
    try fill(first, get(first))
    #expect(answers.kept.isEmpty && first.writes("dropped") == 1)
  }

  /// Each domain has its own, which comes back with time.
  @Test func whatADomainWritesIsBounded() throws {
    answers.domainRate = 1000
    let first = try node(["share": .text("public")])
    let body = String(repeating: "x", count: 3000)
    let write = { (number: Int, domain: String) in
      try fill(first, get(first, [], "GET /\(number) HTTP/1.1", domain: domain), body)
    }
    for number in 0..<5 { try write(number, "example.com") }
    #expect(first.writes("sent") == 3 && first.writes("dropped") == 2)
    for number in 0..<3 { try write(number, "other.example") }
    #expect(first.writes("sent") == 6)
    first.bench.clock.advance(4_000_000_000)
    for number in 5..<7 { try write(number, "example.com") }
    #expect(first.writes("sent") == 7 && first.writes("dropped") == 3)
  }
}
