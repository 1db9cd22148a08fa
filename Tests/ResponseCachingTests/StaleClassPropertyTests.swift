import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import NIOEmbedded
import Testing

@testable import ResponseCaching

/// Whatever becomes of requests that overlap, wait for each other, are validated, fail or are made in the background: no
/// caller sees what was fetched for another outside the declared class. The origin marks what it sends with who asked.
@Suite struct StaleClassPropertyTests {
  private typealias Caller = ClassPropertyTests.Caller

  /// One request on its way.
  private final class Run {
    let exchange: Exchange
    let caller: Caller
    var isAtOrigin = false

    init(_ exchange: Exchange, _ caller: Caller) { (self.exchange, self.caller) = (exchange, caller) }
  }

  private final class Turns: ExchangeDriver {
    var resumed: [Exchange] = []

    func resumed(_ exchange: Exchange, _ continuation: Continuation) { resumed.append(exchange) }
  }

  private static let responses: [(status: Int, fields: [String])] = [
    (200, ["Cache-Control: public, max-age=3, stale-if-error=20, stale-while-revalidate=5"]),
    (200, ["Cache-Control: public, max-age=2, stale-if-error=20", "Vary: X-V"]),
    (200, ["Cache-Control: public, max-age=0, stale-while-revalidate=9"]), (200, ["Cache-Control: no-store"]),
    (200, ["Cache-Control: public, no-cache"]), (304, ["Cache-Control: public, max-age=2"]), (304, []),
    (304, ["Cache-Control: no-store"]), (503, []), (500, []), (404, ["Cache-Control: public, max-age=2"]),
  ]
  private static let requests = [
    [], [], [], ["X-V: 1"], ["X-V: 2"], ["Cache-Control: max-stale"], ["Range: bytes=0-4"],
    ["Cache-Control: stale-if-error=30"],
  ]

  @Test(arguments: [nil, "token", "scopes", "domain", "public"] as [String?], 0..<3 as Range<UInt64>)
  func nothingLeavesItsClass(share: String?, seed: UInt64) throws {
    var settings: [String: ConfigNode.Value] = ["respect": .text("origin")]
    if let share { settings["share"] = .text(share) }
    let cache = try CacheHarness(settings)
    let turns = Turns()
    var random = SplitMix(state: seed &* 131 &+ 7)
    var runs: [Run] = []
    var seen: Set<String> = []
    var shared = 0

    func check(_ answer: CacheHarness.Answer, _ run: Run) {
      seen.insert(answer.cacheResult ?? "")
      for owner in ClassPropertyTests.callers where (answer.fields + answer.body).contains("mark-\(owner.number).") {
        if owner.number != run.caller.number { shared += 1 }
        #expect(ClassPropertyTests.mayShare(share, owner, run.caller), "\(owner.number) to \(run.caller.number)")
      }
    }
    func end(_ run: Run) {
      run.exchange.reset()
      runs.removeAll { $0 === run }
    }
    func begin(_ run: Run) throws {
      switch cache.filter.lookup(run.exchange) {
      case .wait: seen.insert("wait")
      case .next:
        run.exchange.request.block.remove(run.exchange.requestAdditions.names)
        run.isAtOrigin = true
      case .reply(let reply):
        run.exchange.replyInProgress = reply
        let wantsRefresh = run.exchange.wantsRefresh
        check(cache.answer(reply, run.exchange), run)
        let own = wantsRefresh ? try cache.bench.exchange() : nil
        own?.repeatRequest(of: run.exchange)
        end(run)
        if let own {
          seen.insert("background")
          let detached = Run(own, run.caller)
          runs.append(detached)
          try begin(detached)
        }
      }
    }

    for _ in 0..<6000 {
      cache.bench.clock.advance(Int64(random.next() % 400_000_000))
      switch random.next() % 4 {
      case 0 where runs.count < 12:
        let caller = ClassPropertyTests.callers[Int(random.next() % UInt64(ClassPropertyTests.callers.count))]
        let fields = Self.requests[Int(random.next() % UInt64(Self.requests.count))]
        let method = random.next() % 8 == 0 ? "HEAD" : "GET"
        let exchange = try cache.bench.exchange(
          "\(method) /a HTTP/1.1", fields, domain: caller.domain, identity: caller.identity)
        exchange.driver = turns
        let run = Run(exchange, caller)
        runs.append(run)
        try begin(run)
      case 1 where !runs.isEmpty && random.next() % 4 == 0:
        // The client leaves.
        end(runs[Int(random.next() % UInt64(runs.count))])
      default:
        let asking = runs.filter(\.isAtOrigin)
        guard !asking.isEmpty else { continue }
        let run = asking[Int(random.next() % UInt64(asking.count))]
        try respond(run, cache, &random).map { check($0, run) }
        end(run)
      }
      cache.bench.eventLoop.run()
      let resumed = turns.resumed
      turns.resumed = []
      for run in runs where resumed.contains(where: { $0 === run.exchange }) { try begin(run) }
    }
    // The property says little when these never happen.
    if share == "domain" || share == "public" {
      #expect(seen.isSuperset(of: ["hit", "stale", "revalidated", "collapsed", "wait", "background"]), "\(seen)")
    }
    #expect((shared > 0) == (share != nil && share != "token"))
  }

  private func respond(_ run: Run, _ cache: CacheHarness, _ random: inout SplitMix) throws -> CacheHarness.Answer? {
    if random.next() % 12 == 0 { return cache.fail(run.exchange) }
    var response = Self.responses[Int(random.next() % UInt64(Self.responses.count))]
    // An origin that was not asked whether something is unchanged does not say so.
    if response.status == 304, !run.exchange.requestAdditions.names.contains(.ifNoneMatch) { response.status = 200 }
    let mark = "mark-\(run.caller.number)."
    let content = run.exchange.request.method == .head || response.status == 304 ? "" : mark
    let length = response.status == 304 ? [] : ["Content-Length: \(mark.utf8.count)"]
    // All callers of a class get the same representation, so its tag is the same.
    let fields = response.fields + (response.status == 200 ? ["ETag: \"t\"", "X-Mark: \(mark)"] : []) + length
    if let answer = try cache.head(run.exchange, fields: fields, status: response.status) { return answer }
    _ = cache.finish(run.exchange, body: content, complete: random.next() % 10 != 0)
    return nil
  }
}
