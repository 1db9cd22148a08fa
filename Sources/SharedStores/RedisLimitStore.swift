package import GatewayKit
package import Logging
package import NIOCore

/// Keeps allowances on a Redis server (5.0 or newer, no cluster), so that gateways that use the same server share them.
///
/// One request is one round trip. It is judged on the server by a script, atomically and by the server's clock, exactly as
/// ``LimitRule/judge(_:cost:now:)`` judges: in whole nanoseconds, nothing rounded. A caller is the key `gatehouse:{...}` with
/// 32 hexadecimal digits; it expires when the allowance is whole again. When the server's clock is set back, a caller
/// waits at most as long as if the allowance had just been exhausted.
///
/// There is one connection for each event loop, chosen by the key; ``RedisLink`` says how they are made again. A script
/// that the server does not know (any more) is sent along once more. A command is never sent again when its fate is
/// unknown, so no request is counted twice.
package final class RedisLimitStore: SharedLimitStore {
  /// Whose time counts.
  package enum TimeSource: Sendable {
    /// The server's.
    case server
    /// The caller's `now`, at least 0; for tests, which must own the time.
    case caller
  }

  private let links: [RedisLink]
  private let time: TimeSource

  /// A store on this server. Nothing is connected until somebody asks.
  package init(
    _ settings: RedisSettings, group: any EventLoopGroup, logger: Logger, time: TimeSource = .server
  ) {
    links = group.makeIterator().map { RedisLink(settings, on: $0, logger: logger) }
    self.time = time
  }

  deinit { shutdown() }

  package func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws -> LimitDecision {
    // What costs more than there can be is refused, and takes nothing.
    let isPossible = cost > 0 && cost <= rule.burst
    let used = try await run(.take, rule, key, taking: isPossible ? Int64(cost) * rule.interval : 0, now: now)
    // The script compares as the rule does, so the rule says what became of it, reckoned from now on.
    var arrival = used
    return rule.judge(&arrival, cost: cost, now: 0)
  }

  package func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws {
    guard cost > 0, cost <= rule.burst else { return }
    _ = try await run(.giveBack, rule, key, taking: Int64(cost) * rule.interval, now: now)
  }

  /// Ends all connections. Who asks afterwards gets an error.
  package func shutdown() {
    for link in links { link.shutdown() }
  }

  /// The name under which a caller is kept.
  package static func name(of key: LimitKey) -> String { "gatehouse:{\(digits(key.high))\(digits(key.low))}" }

  private static func digits(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

// MARK: - Scripts

extension RedisLimitStore {
  /// What of the rule's tolerance was used before, in nanoseconds.
  private func run(
    _ script: LimitScript, _ rule: LimitRule, _ key: LimitKey, taking cost: Int64, now: Int64
  ) async throws -> Int64 {
    guard !links.isEmpty else { throw RedisError.disconnected }
    let link = links[Int(truncatingIfNeeded: key.low % UInt64(links.count))]
    var words = ["1", Self.name(of: key)] + Self.pair(cost) + Self.pair(rule.tolerance)
    if time == .caller { words += Self.pair(max(now, 0)) }
    var reply = try await link.ask(RESPCommand(["EVALSHA", script.digest] + words))
    if case .error(let text) = reply, text.hasPrefix("NOSCRIPT") {
      reply = try await link.ask(RESPCommand(["EVAL", script.source] + words))
    }
    return try Self.used(reply, of: rule)
  }

  private static func used(_ reply: RESPValue, of rule: LimitRule) throws -> Int64 {
    if case .error(let text) = reply { throw RedisError.failed(String(text.prefix(200))) }
    guard case .array(let pair) = reply, pair.count == 2, case .integer(let seconds) = pair[0],
      case .integer(let nanoseconds) = pair[1], (0..<billion).contains(nanoseconds),
      (0...(rule.tolerance / billion)).contains(seconds)
    else { throw RedisError.unexpectedReply }
    let used = seconds * billion + nanoseconds
    guard used <= rule.tolerance else { throw RedisError.unexpectedReply }
    return used
  }

  private static func pair(_ nanoseconds: Int64) -> [String] {
    ["\(nanoseconds / billion)", "\(nanoseconds % billion)"]
  }

  private static let billion: Int64 = 1_000_000_000
}
