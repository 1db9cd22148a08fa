import GatewayKit
import GatewayTesting
import Synchronization
import Testing

@testable import RateLimiting

/// A shared store in this process: a table behind the asynchronous protocol. It can be told to fail.
private final class LocalSharedStore: SharedLimitStore {
  struct Failure: Error {}

  private let table = MemoryLimitStore(entries: 100)
  private let failing = Mutex(false)
  private let given = Mutex(0)

  var isFailing: Bool {
    get { failing.withLock { $0 } }
    set { failing.withLock { $0 = newValue } }
  }
  /// How often something was given back.
  var givenBack: Int { given.withLock { $0 } }

  func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws -> LimitDecision {
    if isFailing { throw Failure() }
    return table.take(rule, key: key, cost: cost, now: now)
  }

  func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws {
    if isFailing { throw Failure() }
    table.giveBack(rule, key: key, cost: cost, now: now)
    given.withLock { $0 += 1 }
  }
}

@Suite struct SharedRateLimitFilterTests {
  private let bench = Bench()
  private let store = LocalSharedStore()

  /// Runs a gateway with a limit in the defaults and maybe one in the floor, and sends it requests of these methods.
  private func answers(
    to methods: [String], _ settings: String, floor: String? = nil
  ) async throws -> (texts: [String], failures: UInt64) {
    let origin = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    defer { origin.stop() }
    let rule = "key: [domain, method], store: redis"
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      floor: { use: [\(floor.map { "{ rate-limit: { \(rule), \($0) } }" } ?? "")] }
      defaults: { use: [{ rate-limit: { \(rule), \(settings) } }] }
      domains: [{ name: example.com, upstream: origin }]
      """
    return try await TestGateway.with(yaml, plugins: [RateLimitingPlugin.self], sharedLimits: store) { gateway in
      var texts: [String] = []
      for method in methods {
        texts.append(try await Self.answer(method, gateway.port))
      }
      let failures = gateway.pluginCounters.snapshot()
        .filter { $0.key.name == "gatehouse_rate_limit_store_failures_total" }
      return (texts, failures.reduce(0) { $0 + $1.value })
    }
  }

  private static func answer(_ method: String, _ port: Int) async throws -> String {
    try await RawConnection.with(port: port) { exchange in
      try await exchange.send(
        "\(method) / HTTP/1.1\r\nHost: gateway.test\r\nlosantdomain: example.com\r\nConnection: close\r\n\r\n")
      return await exchange.receiveAll()
    }
  }

  private func status(_ text: String) -> String { String(text.dropFirst(9).prefix(3)) }

  @Test func answersAsALimitInMemoryDoes() async throws {
    let (texts, failures) = try await answers(
      to: ["GET", "GET", "GET", "DELETE"], "rate: 2/h, name: few")
    #expect(texts.map(status) == ["200", "200", "429", "200"])
    #expect(texts[0].contains("\r\nRateLimit-Policy: \"few\";q=2;w=3600\r\nRateLimit: \"few\";r=1;t=1800\r\n"))
    #expect(texts[1].contains("\r\nRateLimit: \"few\";r=0;t="))
    #expect(texts[2].contains("\"reason\":\"rate_limited\"") && texts[2].contains("\r\nRetry-After: "))
    #expect(texts[2].contains("\r\nRateLimit: \"few\";r=0;t="))
    #expect(failures == 0)
  }

  @Test func countsOnceWhenItStandsTwice() async throws {
    let (texts, _) = try await answers(to: ["GET", "GET", "GET"], "rate: 2/h", floor: "rate: 2/h")
    #expect(texts.map(status) == ["200", "200", "429"])
  }

  @Test func aStoreThatFailsAdmitsOrRefusesAsItIsTold() async throws {
    store.isFailing = true
    let (open, count) = try await answers(to: ["GET", "GET"], "rate: 1/h")
    #expect(open.map(status) == ["200", "200"] && count == 2)
    #expect(!open[0].contains("RateLimit"))
    let (closed, more) = try await answers(to: ["GET"], "rate: 1/h, on_failure: closed")
    #expect(closed.map(status) == ["503"] && more == 1)
    #expect(closed[0].contains("\"reason\":\"rate_limit_store_unavailable\""))
    store.isFailing = false
    let (well, none) = try await answers(to: ["GET", "GET"], "rate: 1/h, on_failure: closed")
    #expect(well.map(status) == ["200", "429"] && none == 0)
  }

  /// What the later limit refuses takes nothing from the floor's.
  @Test func givesBackWhatALaterLimitRefuses() async throws {
    let (texts, _) = try await answers(
      to: ["GET", "GET"], "rate: 1/h, name: narrow", floor: "rate: 3/h, name: wide")
    #expect(texts.map(status) == ["200", "429"])
    for _ in 0..<10_000 where store.givenBack == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(store.givenBack == 1)
    // One of three was taken and kept; the next gateway with the same store takes the second.
    let (next, _) = try await answers(to: ["GET"], "rate: 5/h, name: narrow", floor: "rate: 3/h, name: wide")
    #expect(next[0].contains("RateLimit: \"wide\";r=1;"))
  }

  /// Gateways that know nothing of one another make the same key, and the rule and every part count in it.
  @Test func keysAreTheSameInEveryGateway() throws {
    func key(_ values: [String: ConfigNode.Value], _ digest: KeyDigest, _ identity: Identity) throws -> LimitKey? {
      let settings: RateLimitSettings = try bench.settings(values)
      var key = RateLimitKey(settings, digest: digest)
      if case .key(let key) = key.make(try bench.exchange(identity: identity)) { return key }
      return nil
    }
    let first = try key(["rate": .text("1/s")], .shared, .sample(1))
    let plain = try #require(first)
    #expect(try key(["rate": .text("1/s"), "headers": .text("false")], .shared, .sample(1)) == plain)
    let others: [([String: ConfigNode.Value], KeyDigest, UInt64)] = [
      (["rate": .text("1/s")], .shared, 2), (["rate": .text("2/s")], .shared, 1),
      (["rate": .text("1/s"), "burst": .text("2")], .shared, 1), (["rate": .text("1/s")], KeyDigest(seed: 1), 1),
      (["rate": .text("1/s"), "name": .text("other")], .shared, 1),
      (["rate": .text("1/s"), "key": .text("token")], .shared, 1),
    ]
    var found: Set<LimitKey> = [plain]
    for (values, digest, number) in others {
      let other = try key(values, digest, .sample(number))
      found.insert(try #require(other))
    }
    #expect(found.count == others.count + 1)
    // Of "gatehouse limit 1" and "abc", as sha256sum has it: a gateway of another build must find the same.
    let known = Array("abc".utf8).withUnsafeBytes { KeyDigest.shared.key($0) }
    #expect(known == LimitKey(high: 0xd6129266ace3128f, low: 0xfa928770f2a236d0))
  }

  @Test func settingsAreChecked() throws {
    let settings: RateLimitSettings = try bench.settings(["rate": .text("1/s"), "store": .text("redis")])
    let position = SourcePosition(file: "test.yaml", line: 12, column: 5)
    let error = #expect(throws: ConfigurationError.self) {
      _ = try RateLimitingPlugin(settings: settings, at: position, environment: bench.environment)
    }
    #expect(error?.issues.first?.position == position && error?.issues.first?.path == "rate-limit.store")
    let wrong: [[String: ConfigNode.Value]] = [
      ["rate": .text("1/s"), "store": .text("disk")], ["rate": .text("1/s"), "on_failure": .text("open")],
      ["rate": .text("1/s"), "store": .text("redis"), "entries": .text("5")],
      ["rate": .text("1/s"), "store": .text("redis"), "when_full": .text("allow")],
      ["rate": .text("1/s"), "store": .text("redis"), "on_failure": .text("maybe")],
    ]
    for values in wrong {
      #expect(throws: ConfigurationError.self) {
        let _: RateLimitSettings = try bench.settings(values)
      }
    }
  }
}
