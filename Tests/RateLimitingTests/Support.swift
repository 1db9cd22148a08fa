import GatewayKit
import HTTPWire
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

/// Time that the test owns, in nanoseconds.
final class TestClock: GatewayClock {
  private let time = Mutex<Int64>(1_000_000_000_000)
  /// 2026-11-23T16:00:00Z at the start.
  private static let wallOffset: Int64 = 1_795_449_600_000_000_000 - 1_000_000_000_000

  func monotonic() -> Int64 { time.withLock { $0 } }
  func wall() -> Int64 { time.withLock { $0 + Self.wallOffset } }
  func advance(_ nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
}

/// A small generator, so that tests repeat.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

/// What a plugin is made and run with.
struct Bench {
  let clock = TestClock()
  let loop: LoopContext
  let environment: PluginEnvironment

  init(random: UInt64 = 1, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
    let eventLoop = EmbeddedEventLoop()
    loop = LoopContext(eventLoop: eventLoop, index: 0, clock: clock, random: SplitMix(state: random))
    environment = PluginEnvironment(
      clock: clock, logger: logger, eventLoopGroup: eventLoop, catalogs: [:], hashSeed: 0x1234_5678_9ABC_DEF0,
      counters: CounterRegistry())
  }

  /// Reads settings; the issues' texts when there are any.
  func settings<S: PluginSettings>(_ values: [String: ConfigNode.Value]) throws(ConfigurationError) -> S {
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    let entries = values.map { key, value in
      ConfigNode.Entry(key: key, keyPosition: position, value: ConfigNode(value, position: position))
    }
    let issues = IssueCollector()
    let reader = SettingsReader(ConfigNode(.mapping(entries), position: position), path: "plugin", issues: issues)
    let settings = S(reading: reader)
    reader.finish()
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    return settings
  }

  func plugin<P: Plugin>(_ values: [String: ConfigNode.Value]) throws -> P {
    try P(
      settings: settings(values), at: SourcePosition(file: "test.yaml", line: 1, column: 1), environment: environment)
  }

  /// An exchange with a parsed request, on its route of its domain.
  func exchange(
    _ requestLine: String = "GET /me HTTP/1.1", _ fields: [String] = [], domain: String? = "example.com",
    identity: Identity? = nil, address: String = "192.0.2.1"
  ) throws -> Exchange {
    loop.refresh()
    let exchange = Exchange(loop: loop, peerAddress: address, isSecure: false)
    let lines = [requestLine, "Host: gateway"] + fields
    var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = RequestHeadParser()
    guard try parser.parse(&bytes, into: &exchange.request) else { throw IncompleteHead() }
    exchange.domain = domain.map { DomainFacts(name: $0) }
    exchange.route = RouteFacts(pattern: "/me", methods: "*")
    return setting(exchange) { $0.identity = identity }
  }

  private func setting(_ exchange: Exchange, _ change: (Exchange) -> Void) -> Exchange {
    change(exchange)
    return exchange
  }

  struct IncompleteHead: Error {}
}

extension ConfigNode.Value {
  static func text(_ text: String) -> Self { .scalar(text, quoted: false) }
  static func list(_ texts: [String]) -> Self {
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    return .sequence(texts.map { ConfigNode(.text($0), position: position) })
  }
}

extension Identity {
  /// An identity of this number with these scopes.
  static func sample(
    _ number: UInt64, subject: String? = nil, issuer: String = "", scopes: [String] = ["all.User"],
    expiry: Int64 = .max
  ) -> Identity {
    Identity(
      fingerprint: Fingerprint(number, 1, 2, 3), subject: subject ?? "subject-\(number)", kind: "", issuer: issuer,
      tokenID: "", scopes: scopes, scopesFingerprint: Fingerprint(digest: scopes.sorted().joined(separator: " ").utf8),
      expiry: expiry)
  }
}

extension Exchange {
  /// The fields added to the response, as text.
  var addedFields: String { String(decoding: responseAdditions.lines.readableBytesView, as: UTF8.self) }
}
