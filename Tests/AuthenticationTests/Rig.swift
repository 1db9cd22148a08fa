import Foundation
import HTTPWire
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import Authentication
@testable import GatewayKit

/// A clock that stands still until a test moves it. It begins at 2026-01-01.
final class TestClock: GatewayClock {
  static let begin: Int64 = 1_767_225_600
  private struct Sleeper {
    let until: Int64
    let continuation: CheckedContinuation<Void, any Error>
  }

  private let offset = Atomic<Int64>(0)
  private let sleepers = Mutex<[UUID: Sleeper]>([:])

  /// How many sleep now.
  var asleep: Int { sleepers.withLock { $0.count } }

  func advance(seconds: Int64) {
    let due = sleepers.withLock { sleepers in
      offset.wrappingAdd(seconds * 1_000_000_000, ordering: .relaxed)
      let now = monotonic()
      let due = sleepers.filter { $0.value.until <= now }
      for id in due.keys { sleepers[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }

  func sleep(nanoseconds: Int64) async throws { try await sleep(until: monotonic() + nanoseconds) }

  /// The time may be moved between what is looked at here and what the caller looked at before: nobody sleeps past it.
  func sleep(until deadline: Int64) async throws {
    let id = UUID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let isAsleep = sleepers.withLock { sleepers in
          if Task.isCancelled || deadline <= monotonic() { return false }
          sleepers[id] = Sleeper(until: deadline, continuation: continuation)
          return true
        }
        if !isAsleep { continuation.resume() }
      }
      try Task.checkCancellation()
    } onCancel: {
      sleepers.withLock { $0.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
    }
  }

  func monotonic() -> Int64 { 1_000_000_000_000 + offset.load(ordering: .relaxed) }
  func wall() -> Int64 { Self.begin * 1_000_000_000 + offset.load(ordering: .relaxed) }
}

/// A folder that is gone when the test has ended.
final class TemporaryFolder: Sendable {
  let path = "\(NSTemporaryDirectory())/authentication-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    return file
  }
}

/// Settings as a configuration would hold them, written as Swift literals.
indirect enum Setting: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
  case text(String)
  case list([Setting])
  case mapping([(String, Setting)])
  /// `key:` with nothing behind it.
  case nothing

  init(stringLiteral text: String) { self = .text(text) }
  init(dictionaryLiteral elements: (String, Setting)...) { self = .mapping(elements) }
  init(arrayLiteral elements: Setting...) { self = .list(elements) }

  var node: ConfigNode {
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    switch self {
    case .text(let text): return ConfigNode(.scalar(text, quoted: false), position: position)
    case .nothing: return ConfigNode(.null, position: position)
    case .list(let items): return ConfigNode(.sequence(items.map(\.node)), position: position)
    case .mapping(let entries):
      return ConfigNode(
        .mapping(entries.map { ConfigNode.Entry(key: $0.0, keyPosition: position, value: $0.1.node) }),
        position: position)
    }
  }
}

/// The plugin with everything around it that an engine would give.
struct Rig {
  let clock = TestClock()
  let counters = CounterRegistry()
  let revocations: TokenRevocations
  let plugin: AuthenticationPlugin
  let loop: LoopContext
  let filter: any IdentityFilter
  let domain: String

  init(
    _ settings: Setting, environment: [String: String] = [:], domain: String = "example.com",
    eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(), isRealTime: Bool = false,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws {
    let clock: any GatewayClock = isRealTime ? SystemClock() : clock
    let issues = IssueCollector()
    let reader = SettingsReader(settings.node, path: "authentication", issues: issues, environment: environment)
    let decoded = AuthenticationSettings(reading: reader)
    reader.finish()
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    let host = PluginEnvironment(
      clock: clock, logger: logger,
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, catalogs: [:], hashSeed: 42, counters: counters)
    revocations = host.revocations
    plugin = try AuthenticationPlugin(settings: decoded, at: reader.position, environment: host)
    loop = LoopContext(eventLoop: eventLoop, index: 0, clock: clock, random: SystemRandomNumberGenerator())
    guard let filter = plugin.makeFilter(on: loop) as? any IdentityFilter else { throw RigError.noFilter }
    self.filter = filter
    self.domain = domain
  }

  enum RigError: Error { case noFilter, noHead }

  /// An exchange whose head was read from these lines.
  func exchange(target: String = "/me", fields: [String], on other: LoopContext? = nil) throws -> Exchange {
    let exchange = Exchange(loop: other ?? loop, peerAddress: "192.0.2.1", isSecure: false)
    let lines = ["GET \(target) HTTP/1.1", "Host: example.com"] + fields
    var buffer = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    var parser = RequestHeadParser(limits: WireLimits(maxStartLine: 64 << 10, maxHeadBytes: 128 << 10))
    guard try parser.parse(&buffer, into: &exchange.request) else { throw RigError.noHead }
    exchange.domain = DomainFacts(name: domain)
    return exchange
  }

  /// What becomes of a request with this token.
  func judge(_ token: String, scheme: String = "Bearer ") throws -> Judgement {
    loop.refresh()
    let exchange = try exchange(fields: ["Authorization: \(scheme)\(token)"])
    return Judgement(filter.identify(exchange), exchange.identity)
  }

  func judge(target: String, fields: [String] = []) throws -> Judgement {
    loop.refresh()
    let exchange = try exchange(target: target, fields: fields)
    return Judgement(filter.identify(exchange), exchange.identity)
  }
}

/// A verdict in a form that can be compared.
struct Judgement {
  /// `next`, `wait` or the reason code.
  let text: String
  let status: UInt16
  let fields: String
  let identity: Identity?

  init(_ verdict: Verdict, _ identity: Identity?) {
    self.identity = identity
    switch verdict {
    case .next: (text, status, fields) = ("next", 0, "")
    case .wait: (text, status, fields) = ("wait", 0, "")
    case .reply(let reply):
      (text, status, fields) = (reply.reason?.text ?? "", reply.status, String(buffer: reply.fields))
    }
  }
}
