package import GatewayKit
import HTTPWire
package import Logging
import NIOCore
package import NIOEmbedded

/// What the shipped plugins' own tests make and run them with: settings as values, requests as lines.
package struct Bench {
  package let clock = TestClock()
  package let eventLoop: EmbeddedEventLoop
  package let loop: LoopContext
  package let environment: PluginEnvironment

  package init(
    random: UInt64 = 1, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    memoryLimits: MemoryLimitStore = MemoryLimitStore(), sharedLimits: (any LimitStore)? = nil,
    cacheBounds: CacheBounds = CacheBounds(), sharedAnswers: (any SharedAnswers)? = nil,
    services: ProcessServices = ProcessServices()
  ) {
    eventLoop = EmbeddedEventLoop()
    loop = LoopContext(eventLoop: eventLoop, index: 0, clock: clock, random: SplitMix(state: random))
    environment = PluginEnvironment(
      clock: clock, logger: logger, eventLoopGroup: eventLoop, catalogs: [:], hashSeed: 0x1234_5678_9ABC_DEF0,
      counters: CounterRegistry(), memoryLimits: memoryLimits, sharedLimits: sharedLimits,
      cacheBounds: cacheBounds, sharedAnswers: sharedAnswers, services: services)
  }

  /// Reads settings; the issues' texts when there are any.
  package func settings<S: PluginSettings>(_ values: [String: ConfigNode.Value]) throws(ConfigurationError) -> S {
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

  package func plugin<P: Plugin>(_ values: [String: ConfigNode.Value]) throws -> P {
    try P(
      settings: settings(values), at: SourcePosition(file: "test.yaml", line: 1, column: 1), environment: environment)
  }

  /// An exchange with a parsed request, on its route of its domain.
  package func exchange(
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

  package struct IncompleteHead: Error {
    package init() {}
  }
}

extension ConfigNode.Value {
  package static func text(_ text: String) -> Self { .scalar(text, quoted: false) }
  package static func list(_ texts: [String]) -> Self {
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    return .sequence(texts.map { ConfigNode(.text($0), position: position) })
  }
}

extension Identity {
  /// An identity of this number with these scopes.
  package static func sample(
    _ number: UInt64, subject: String? = nil, issuer: String = "", tokenID: String = "",
    scopes: [String] = ["all.User"], expiry: Int64 = .max, claims: [(name: String, value: String)] = []
  ) -> Identity {
    Identity(
      fingerprint: Fingerprint(number, 1, 2, 3), subject: subject ?? "subject-\(number)", kind: "", issuer: issuer,
      tokenID: tokenID, scopes: scopes,
      scopesFingerprint: Fingerprint(digest: scopes.sorted().joined(separator: " ").utf8), expiry: expiry,
      claims: claims)
  }
}

extension Exchange {
  /// The fields added to the response, as text.
  package var addedFields: String { String(decoding: responseAdditions.lines.readableBytesView, as: UTF8.self) }
}
