import GatewayKit
import GatewayTesting
import NIOCore
import Synchronization
import Testing

@testable import GatewayEngine

/// An origin that tells checks from requests. What it answers to checks, a test decides.
final class CheckedOrigin: Sendable {
  private static let silence = ""

  let checks: RequestLog
  let requests: RequestLog
  let port: Int
  private let answer: Answer
  private let cuts: RequestLog
  private let origin: ScriptedOrigin

  private final class Answer: Sendable {
    private let text: Mutex<String>

    init(_ text: String) { self.text = Mutex(text) }

    var current: String {
      get { text.withLock { $0 } }
      set { text.withLock { $0 = newValue } }
    }
  }

  /// - Parameter text: what it answers to a check; nothing at all when that is empty.
  static func start(_ text: String = helloResponse) async throws -> CheckedOrigin {
    let (checks, requests, cuts) = (RequestLog(), RequestLog(), RequestLog())
    let answer = Answer(text)
    let origin = try await ScriptedOrigin.start { exchange, _ in
      while let (head, _) = try await exchange.receiveMessage() {
        guard head.contains("gatehouse-health-check") else {
          requests.append(head)
          try await exchange.send(helloResponse)
          continue
        }
        checks.append(head)
        let text = answer.current
        if text == Self.silence {
          _ = await exchange.receiveAll()
          cuts.append(head)
          return
        }
        // Whoever asked need not stay for the end of it.
        try await exchange.send(text)
        return
      }
    }
    return CheckedOrigin(origin, checks, requests, answer, cuts)
  }

  private init(
    _ origin: ScriptedOrigin, _ checks: RequestLog, _ requests: RequestLog, _ answer: Answer, _ cuts: RequestLog
  ) {
    self.origin = origin
    self.port = origin.port
    self.checks = checks
    self.requests = requests
    self.answer = answer
    self.cuts = cuts
  }

  func answer(_ text: String) { answer.current = text }

  /// How many checks were left by the gateway that had no answer.
  var checksCut: Int { cuts.requests.count }
}

func response(_ status: Int) -> String { "HTTP/1.1 \(status) So\r\nContent-Length: 0\r\n\r\n" }

/// A gateway whose time stands still until the test moves it: no check is late that the test has not made so.
struct HealthRig {
  static let interval = Duration.seconds(10)
  static let timeout = Duration.seconds(4)

  let gateway: TestGateway
  let clock: TestClock
  let log: LogLines

  /// - Parameters:
  ///   - endpoints: URLs.
  ///   - check: further settings of the check.
  ///   - upstream: further settings of the upstream.
  static func yaml(_ endpoints: [String], check: String = "", upstream: String = "") -> String {
    """
    version: 1
    listeners: [{ bind: "127.0.0.1:0" }]
    \(patience)
    upstreams:
      origin:
        endpoints: [\(endpoints.map { "\"\($0)\"" }.joined(separator: ", "))]
        health_check: { path: "/health", interval: 10s, timeout: 4s\(check) }
        \(upstream)
    domains: [{ name: example.com, upstream: origin }]
    """
  }

  static func with(
    _ endpoints: [String], check: String = "", upstream: String = "", loops: Int = 1,
    _ body: (HealthRig) async throws -> Void
  ) async throws {
    let (clock, log) = (TestClock(), LogLines())
    let yaml = yaml(endpoints, check: check, upstream: upstream)
    try await TestGateway.with(yaml, loops: loops, clock: clock, logger: log.logger) { gateway in
      try await body(HealthRig(gateway: gateway, clock: clock, log: log))
    }
  }

  /// Waits until so many checks in all have had their result, and every loop knows it.
  func checked(_ count: UInt64) async throws {
    try await eventually("\(count) checks") { try await gateway.counters().healthChecks >= count }
    _ = try await gateway.gateway.upstreams()
    #expect(try await gateway.counters().healthChecks == count)
  }

  /// Lets so much time pass that every endpoint is asked once more, and waits for that.
  func nextChecks(_ count: UInt64) async throws {
    clock.advance(by: Self.interval * 1.2)
    try await checked(count)
  }

  /// What the active checks say on each loop, by endpoint.
  func health() async throws -> [[Bool]] {
    try await gateway.gateway.pools().map { $0[0].endpoints.map(\.isHealthy) }
  }

  /// Sends requests, each on a connection of its own, all of which must be answered.
  func request(_ count: Int) async throws {
    try await withThrowingTaskGroup(of: String.self) { tasks in
      for _ in 0..<count {
        tasks.addTask {
          try await answer(to: GatewayEngineTests.request("GET /", "Connection: close"), port: gateway.port)
        }
      }
      for try await text in tasks { #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)") }
    }
  }

  func logged(_ line: String) async throws {
    try await eventually(line) { log.lines.contains { $0.contains(line) } }
  }
}

/// Waits until something holds; how long it takes does not matter.
func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
  for _ in 0..<6000 {
    if try await holds() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw HarnessError.timeout("this did not come: \(what)")
}
