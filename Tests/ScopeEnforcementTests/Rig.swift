import Foundation
import HTTPWire
import Logging
import NIOCore
import NIOEmbedded

@testable import GatewayKit
@testable import ScopeEnforcement

struct StillClock: GatewayClock {
  func monotonic() -> Int64 { 0 }
  func wall() -> Int64 { 0 }
}

/// A list of pseudo-random numbers that is the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The API's own catalogue, read twice: by the gateway's reader, and plainly.
enum Catalog {
  static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/catalogs/losant.json").path

  struct Plain: Decodable {
    struct Operation: Decodable {
      let id: String
      let method: String
      let path: String
      let scopes: [String]
      let auth: String
      let denyOauth: Bool?
    }
    let operations: [Operation]
  }

  static func real() throws -> OperationCatalog { try OperationCatalog(path: path) }

  static func plain() throws -> [Plain.Operation] {
    try JSONDecoder().decode(Plain.self, from: Data(contentsOf: URL(fileURLWithPath: path))).operations
  }

  static func small() throws -> OperationCatalog {
    let json = #"""
      {"version":1,"name":"small","operations":[
      {"id":"things.get","method":"GET","path":"/things","auth":"token","scopes":["things.*","things.get","all.User"]},
      {"id":"things.post","method":"POST","path":"/things","auth":"token","denyOauth":true,"scopes":["things.*","all.User"]},
      {"id":"thing.get","method":"GET","path":"/things/{thingId}","auth":"token","scopes":["thing.*"]},
      {"id":"things.special","method":"GET","path":"/things/special","auth":"token","scopes":["special"]},
      {"id":"open.get","method":"GET","path":"/open","auth":"none","scopes":[]}]}
      """#
    return try OperationCatalog(json: Array(json.utf8), file: "small.json")
  }
}

/// The plugin with everything around it that an engine would give.
struct Rig {
  let loop = LoopContext(
    eventLoop: EmbeddedEventLoop(), index: 0, clock: StillClock(), random: SystemRandomNumberGenerator())
  let filter: any AuthorizeFilter
  let policy: ScopePolicy
  let settings: ScopeEnforcementSettings
  let counters = CounterRegistry()

  init(_ settings: [String: [String]] = [:], catalog: OperationCatalog) throws {
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    let entries = settings.merging(["operations": ["api"]]) { own, _ in own }.map { key, texts in
      let nodes = texts.map { ConfigNode(.scalar($0, quoted: false), position: position) }
      let value = texts.count == 1 ? nodes[0] : ConfigNode(.sequence(nodes), position: position)
      return ConfigNode.Entry(key: key, keyPosition: position, value: value)
    }
    let issues = IssueCollector()
    let reader = SettingsReader(ConfigNode(.mapping(entries), position: position), path: "scopes", issues: issues)
    let decoded = ScopeEnforcementSettings(reading: reader)
    reader.finish()
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    let environment = PluginEnvironment(
      clock: StillClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      eventLoopGroup: EmbeddedEventLoop(), catalogs: ["api": catalog, "other": catalog], hashSeed: 1,
      counters: counters)
    let plugin = try ScopeEnforcementPlugin(settings: decoded, at: position, environment: environment)
    guard let filter = plugin.makeFilter(on: loop) as? any AuthorizeFilter else { throw RigError.noFilter }
    self.filter = filter
    policy = plugin.policy
    self.settings = decoded
  }

  enum RigError: Error { case noFilter, noHead }

  static func identity(_ scopes: [String], kind: String = "apiToken") -> Identity {
    let print = Fingerprint(0, 0, 0, 0)
    return Identity(
      fingerprint: print, subject: "u", kind: kind, issuer: "", tokenID: "", scopes: scopes.sorted(),
      scopesFingerprint: print, expiry: .max)
  }

  /// What becomes of a request.
  func judge(_ line: String, _ identity: Identity?) throws -> Judgement {
    let exchange = try exchange(line, identity)
    return Judgement(filter.authorize(exchange), exchange.operation?.id)
  }

  func exchange(_ line: String, _ identity: Identity?) throws -> Exchange {
    let exchange = Exchange(loop: loop, peerAddress: "192.0.2.1", isSecure: false)
    var buffer = ByteBuffer(string: "\(line) HTTP/1.1\r\nHost: example.com\r\n\r\n")
    var parser = RequestHeadParser(limits: WireLimits())
    guard try parser.parse(&buffer, into: &exchange.request) else { throw RigError.noHead }
    exchange.identity = identity
    return exchange
  }

  /// The counters that are not zero, by name and labels.
  var counted: [String: UInt64] {
    var counted: [String: UInt64] = [:]
    for entry in counters.snapshot() where entry.value > 0 {
      counted[entry.key.labels.isEmpty ? entry.key.name : "\(entry.key.name){\(entry.key.labels)}"] = entry.value
    }
    return counted
  }
}

/// A verdict in a form that can be compared.
struct Judgement {
  /// `next` or the reason code.
  let text: String
  let status: UInt16
  let fields: String
  let message: String
  let operation: String?

  init(_ verdict: Verdict, _ operation: String?) {
    self.operation = operation
    guard case .reply(let reply) = verdict else {
      (text, status, fields, message) = ("next", 0, "", "")
      return
    }
    (text, status, fields) = (reply.reason?.text ?? "", reply.status, String(buffer: reply.fields))
    if case .error(_, let message) = reply.content { self.message = message } else { message = "" }
  }
}
