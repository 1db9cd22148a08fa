import Dispatch
import GatewayKit
import NIOCore
import Synchronization

@testable import GatewayEngine

/// A resolver whose answers, sleeps and chances a test owns.
final class ResolverRig: Sendable {
  enum Answer: Sendable {
    case addresses([String])
    case failure(String)
    /// Hangs until ``ResolverRig/release`` is signalled, then answers.
    case hanging([String])
  }

  let sleeps = ManualSleep()
  let log = LogLines()
  let counters = CounterRegistry()
  let release = DispatchSemaphore(value: 0)
  let resolver: NameResolver
  private let answers: Answers
  private let delivered = Mutex<[String: [[String]]]>([:])
  let (deliveries, announce) = AsyncStream.makeStream(of: String.self)

  /// What the stand-in for the system's look-up knows.
  private final class Answers: Sendable {
    let all = Mutex<[String: Answer]>([:])
    let asked = Mutex<[String: Int]>([:])
    let busy = Mutex<(now: Int, most: Int)>((0, 0))
  }

  init(concurrency: Int = 8, jitter: Double = 1) {
    let answers = Answers()
    self.answers = answers
    var settings = NameResolver.Settings()
    settings.concurrency = concurrency
    var surroundings = NameResolver.Surroundings()
    surroundings.sleep = sleeps.sleep
    surroundings.jitter = { jitter }
    surroundings.lookup = { [release] host in
      answers.asked.withLock { $0[host, default: 0] += 1 }
      answers.busy.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      defer { answers.busy.withLock { $0.now -= 1 } }
      switch answers.all.withLock({ $0[host] }) {
      case .addresses(let list): return try list.map { try SocketAddress(ipAddress: $0, port: 0) }
      case .failure(let reason): throw AddressLookup.Failure(description: reason)
      case .hanging(let list):
        release.wait()
        return try list.map { try SocketAddress(ipAddress: $0, port: 0) }
      case nil: return []
      }
    }
    resolver = NameResolver(settings: settings, surroundings: surroundings, counters: counters, logger: log.logger)
  }

  func set(_ host: String, _ answer: Answer) { answers.all.withLock { $0[host] = answer } }

  func subscribe(_ host: String, port: Int = 80, interval: Duration = .seconds(30)) {
    resolver.subscribe(host: host, port: port, interval: interval) { [self] addresses in
      let list = addresses.map { "\($0.ipAddress ?? "") \($0.port ?? 0)" }
      delivered.withLock { $0["\(host):\(port)", default: []].append(list) }
      announce.yield("\(host):\(port)")
    }
  }

  /// All lists that came for this name and port.
  func lists(_ name: String) -> [[String]] { delivered.withLock { $0[name] ?? [] } }
  func asked(_ host: String) -> Int { answers.asked.withLock { $0[host] ?? 0 } }
  var mostBusy: Int { answers.busy.withLock { $0.most } }

  func count(_ result: String) -> UInt64 {
    counters.snapshot().first { $0.key.labels == "result=\"\(result)\"" }?.value ?? 0
  }
}
