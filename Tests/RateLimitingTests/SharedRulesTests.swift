import GatewayKit
import GatewayTesting
import Synchronization
import Testing

@testable import RateLimiting

/// A store that gateways share, in this process: it answers at once or when it is told to, and fails when it is told to.
private final class ScriptedStore: LimitStore, Sendable {
  struct State: Sendable {
    var failure: LimitFailure?
    var answersLater = false
  }

  let table = MemoryLimitStore()
  let state = Mutex(State())
  let gateways: Int
  nonisolated(unsafe) var pending: [() -> Void] = []

  let isBesideAnswers: Bool

  init(gateways: Int = 1, isBesideAnswers: Bool = false) {
    (self.gateways, self.isBesideAnswers) = (gateways, isBesideAnswers)
  }

  func ledger(on loop: LoopContext) -> any LimitLedger { ScriptedLedger(self) }

  func answerAll() {
    let waiting = pending
    pending = []
    for answer in waiting { answer() }
  }
}

private final class ScriptedLedger: LimitLedger {
  let store: ScriptedStore

  init(_ store: ScriptedStore) { self.store = store }

  func take(_ request: LimitRequest, now: LimitTime) -> Bool {
    let state = store.state.withLock { $0 }
    let answer = { [store] in
      if let failure = state.failure { request.fail(failure) } else { store.table.take(request, now: now) }
    }
    guard state.answersLater else {
      answer()
      return true
    }
    let turn = request.turn
    request.isOnItsWay = true
    store.pending.append {
      guard request.turn == turn else { return _ = request.takeAbandoned(turn) }
      request.isOnItsWay = false
      answer()
      request.resume()
    }
    return false
  }

  func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) { store.table.adjust(claim, by: units, now: now) }
}

/// Rules whose allowances gateways share.
@Suite struct SharedRulesTests {
  private final class Driver: ExchangeDriver {
    var resumed = 0
    func resumed(_ exchange: Exchange, _ continuation: Continuation) { resumed += 1 }
  }

  @Test func aRefusalOfTheSharedStoreGivesBackWhatMemoryTook() throws {
    let store = ScriptedStore()
    let rig = try Rig(
      "limits: [{ name: here, rate: 3/h }, { name: everywhere, rate: 1/h, store: redis }]", shared: store)
    #expect(try rig.passing(20) == 1)
    let alone = try Rig("limits: [{ name: here, rate: 3/h }]", memory: rig.harness.memory)
    #expect(try alone.passing(5) == 2)
  }

  @Test func waitsForAnAnswerThatComesLater() throws {
    let store = ScriptedStore()
    store.state.withLock { $0.answersLater = true }
    let rig = try Rig("{ rate: 1/h, store: redis }", shared: store)
    let driver = Driver()
    let exchanges = [try rig.exchange(), try rig.exchange()]
    for exchange in exchanges {
      exchange.driver = driver
      guard case .wait = rig.filter.limit(exchange) else { throw HarnessError.incompleteHead }
    }
    store.answerAll()
    #expect(driver.resumed == 2)
    #expect(rig.ask(exchanges[0]) == nil)
    #expect(exchanges[0].addedFields.contains("RateLimit: \"default\";r=0;"))
    #expect(rig.ask(exchanges[1]) == 429)
  }

  /// A client that leaves before the answer has taken nothing, and its place is free.
  @Test func whatNobodyWaitsForGoesBack() throws {
    let store = ScriptedStore()
    store.state.withLock { $0.answersLater = true }
    let rig = try Rig("{ concurrent: 1, store: redis }", shared: store)
    let gone = try rig.exchange()
    guard case .wait = rig.filter.limit(gone) else { throw HarnessError.incompleteHead }
    rig.filter.observe(gone)
    store.answerAll()
    store.state.withLock { $0.answersLater = false }
    #expect(try rig.passing(3) == 1)
  }

  @Test func openLetsPassAndClosedRefuses() throws {
    let store = ScriptedStore()
    store.state.withLock { $0.failure = .timeout }
    let open = try Rig("{ rate: 1/h, store: redis }", shared: store)
    let exchange = try open.exchange()
    #expect(open.ask(exchange) == nil)
    #expect(exchange.addedFields.isEmpty)
    #expect(exchange.limitMode.map { "\($0)" } == "open")
    #expect(try open.passing(5) == 5)
    #expect(open.counter("gatehouse_rate_limit_answers_total", "open") == 6)
    let closed = try Rig(
      "limits: [{ name: here, rate: 2/h }, { name: far, rate: 1/h, store: redis, on_failure: closed }]", shared: store)
    #expect(try closed.ask() == 503)
    #expect(closed.counter("gatehouse_rate_limit_answers_total", "closed") == 1)
    let alone = try Rig("limits: [{ name: here, rate: 2/h }]", memory: closed.harness.memory)
    #expect(try alone.passing(5) == 2)
  }

  @Test func localCountsThisGatewaysPart() throws {
    let store = ScriptedStore(gateways: 3)
    store.state.withLock { $0.failure = .resting }
    let rig = try Rig("{ rate: 9/h, store: redis, on_failure: local }", shared: store)
    #expect(try rig.passing(20) == 3)
    let exchange = try rig.exchange()
    guard case .reply(let reply) = rig.filter.limit(exchange) else { throw HarnessError.incompleteHead }
    #expect(reply.status == 429 && reply.reason == "rate_limited_locally")
    #expect(exchange.limitMode.map { "\($0)" } == "local")
    rig.advance(.seconds(1200))
    #expect(try rig.passing(20) == 1)
    // When the store is back its own count holds.
    store.state.withLock { $0.failure = nil }
    #expect(try rig.passing(20) == 9)
  }

  /// A request that costs more than this gateway's part takes all of it, rather than being refused for ever.
  @Test func dearRequestsPassWhileTheStoreIsAway() throws {
    let store = ScriptedStore(gateways: 3)
    store.state.withLock { $0.failure = .timeout }
    let rig = try Rig("{ rate: 10/s, burst: 10, cost: 5, store: redis, on_failure: local }", shared: store)
    #expect(try rig.ask() == nil)
    #expect(try rig.ask() == 429)
    rig.advance(.seconds(1))
    #expect(try rig.ask() == nil)
  }

  @Test func needsAStore() {
    #expect(throws: ConfigurationError.self) { try Rig("{ rate: 1/h, store: redis }") }
  }

  @Test func tellsTheOvershootOfLeases() throws {
    let rig = try Rig(
      "{ rate: 100/s, name: shared, store: redis, lease: { batch: 5 } }", shared: ScriptedStore(gateways: 3))
    #expect(rig.harness.plugin.remarks.count == 1)
    #expect(rig.harness.plugin.remarks.first?.contains("at most 15 units") == true)
  }

  /// One server cannot do what is right for both.
  @Test func tellsThatAnswersAreOnTheSameServer() throws {
    let rules = "{ limits: [{ name: a, rate: 1/s, store: redis }, { name: b, rate: 2/s, store: redis }] }"
    for isBeside in [true, false] {
      let rig = try Rig(rules, shared: ScriptedStore(isBesideAnswers: isBeside))
      #expect(rig.harness.plugin.remarks.count(where: { $0.contains("stores.cache.redis") }) == (isBeside ? 1 : 0))
    }
    let inMemory = try Rig("{ rate: 1/s }", shared: ScriptedStore(isBesideAnswers: true))
    #expect(inMemory.harness.plugin.remarks.isEmpty)
  }

  /// Gateways that know nothing of one another make the same key, whatever their seeds. Of "gatehouse limit 3", "rule" and
  /// "abc", as sha256sum has it.
  @Test func keysAreTheSameInEveryGateway() {
    for seed in [1, 2] as [UInt64] {
      let digest = KeyDigest(seed: seed, prefix: Array("rule".utf8))
      var memo = SharedKeyMemo()
      for _ in 0..<2 {
        let known = Array("abc".utf8).withUnsafeBytes { memo.key($0, digest) }
        #expect(known == LimitKey(high: 0x53dd50cb623f8023, low: 0xc558d46497630299))
      }
    }
  }

  /// Callers that meet in the memo's places keep their own keys.
  @Test func rememberedKeysAreTheCallersOwn() {
    let digest = KeyDigest(seed: 7, prefix: [1, 2, 3])
    var memo = SharedKeyMemo()
    for round in 0..<2 {
      for number in 0..<5000 {
        let isRight = withUnsafeBytes(of: number) { memo.key($0, digest) == digest.shared($0) }
        #expect(isRight, "caller \(number) in round \(round)")
      }
    }
  }
}
