import GatewayEngine
package import GatewayKit
package import Logging
import NIOCore
import Synchronization

/// Keeps allowances on a Redis server (5.0 or newer), so that gateways that use the same server share them. The README
/// beside this file tells how it judges, what it does when the server fails, and what units in advance mean.
///
/// One request is one run of one script: all its claims are judged in one step, by the server's clock, exactly as the rules
/// judge themselves. Each loop has a connection of its own. A command is never sent again when its fate is unknown, so no
/// request is counted twice.
package final class RedisLimitStore: LimitStore {
  /// Whose time counts.
  package enum TimeSource: Sendable {
    /// The server's.
    case server
    /// The caller's, at least 0: the monotonic one, and the wall clock for periods of the calendar. For tests, which must
    /// own the time.
    case caller
  }

  package let isBesideAnswers: Bool
  private let settings: RedisSettings
  private let logger: Logger
  private let time: TimeSource
  private let budget = LeaseBudget()
  private let ledgers = Mutex(Ledgers())

  private struct Ledgers {
    var ofLoops: [ObjectIdentifier: (loop: PollLoop, ledger: NIOLoopBound<RedisLedger>)] = [:]
    var isOver = false
  }

  /// A store on this server. Nothing is connected until somebody asks.
  ///
  /// - Parameter isBesideAnswers: whether the cache keeps answers on this server, too.
  package init(
    _ settings: RedisSettings, isBesideAnswers: Bool = false, logger: Logger, time: TimeSource = .server
  ) {
    self.settings = settings
    self.isBesideAnswers = isBesideAnswers
    self.logger = logger
    self.time = time
  }

  deinit { shutdown() }

  package var gateways: Int { settings.gateways }

  /// The ledger of a loop, always the same; on that loop. It is of use as long as the store is. On a loop that is not the
  /// gateway's own there is none, and what stands for it fails.
  package func ledger(on loop: LoopContext) -> any LimitLedger {
    guard let pollLoop = loop.eventLoop as? PollLoop else { return UnreachableLedger() }
    let known = ledgers.withLock { ledgers in
      let id = ObjectIdentifier(pollLoop)
      if let known = ledgers.ofLoops[id] { return known.ledger }
      let made = NIOLoopBound(makeLedger(loop, on: pollLoop), eventLoop: pollLoop)
      if !ledgers.isOver { ledgers.ofLoops[id] = (pollLoop, made) }
      return made
    }
    return known.value
  }

  private func makeLedger(_ context: LoopContext, on loop: PollLoop) -> RedisLedger {
    let writer = ScriptWriter(
      time, gateways: max(settings.gateways, 1), tag: settings.keyTag, holder: .random(in: .min ... .max))
    return RedisLedger(
      RedisLink(settings, on: loop, logger: logger), writer: writer, budget: budget, context: context)
  }

  /// Gives back what is held in advance and ends all connections. Who asks afterwards gets an error.
  package func shutdown() {
    let all = ledgers.withLock { ledgers in
      ledgers.isOver = true
      defer { ledgers.ofLoops = [:] }
      return Array(ledgers.ofLoops.values)
    }
    for (loop, ledger) in all { loop.execute { ledger.value.shutdown() } }
  }

  /// The name under which a caller is kept.
  package static func name(of key: LimitKey, tag: String = "limits") -> String {
    ScriptWriter.keyHead(tag) + digits(key.high) + digits(key.low)
  }

  private static func digits(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Stands for a ledger where the loop has no sockets of the gateway's kind.
private final class UnreachableLedger: LimitLedger {
  func take(_ request: LimitRequest, now: LimitTime) -> Bool {
    request.fail(.unreachable)
    return true
  }

  func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) {}
}
