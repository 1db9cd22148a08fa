package import GatewayKit

/// The states of the connection to a server, and the breaker: whom it is asked when, who waits and who does not. A value
/// without clock or socket: events go in with their time (monotonic nanoseconds), and what is to be done comes out.
///
/// Only the first connection is waited for, and one that the server had no use for any more and closed at rest. After a
/// failure the link rests, 50 ms and twice as long each time up to 2 s, and then tries whether the server answers; until it
/// does, nobody waits.
package struct LinkState {
  /// What becomes of a request.
  package enum Answer: Equatable {
    /// It is sent.
    case send
    /// It waits for the connection.
    case wait
    /// The same, and the connection is to be begun.
    case connectAndWait
    /// It fails at once.
    case fail(LimitFailure)
  }

  /// What is to be done when a connection was lost or could not be made.
  package struct Loss: Equatable {
    /// For how long to rest before the next attempt, in nanoseconds; nil to try at once, and when all is over.
    package var rest: Int64?
    /// Whether to connect again at once.
    package var reconnects = false
    /// Whether an outage begins with it.
    package var isFirst = false

    package init(rest: Int64? = nil, reconnects: Bool = false, isFirst: Bool = false) {
      self.rest = rest
      self.reconnects = reconnects
      self.isFirst = isFirst
    }
  }

  package enum Phase: Equatable {
    /// Nobody has asked yet.
    case idle
    /// A connection is being made.
    case connecting(isWaitedFor: Bool)
    /// It can be used.
    case ready(since: Int64)
    /// The breaker is open.
    case resting
    /// It was shut down.
    case over
  }

  package private(set) var phase = Phase.idle
  /// Failures in a row; a connection that did not last counts as one.
  private var failures = 0
  /// Whether the last thing that was said is that the server cannot be used.
  private var isOut = false

  /// Of a link that nobody has used.
  package init() {}

  /// Somebody has a request.
  package mutating func ask() -> Answer {
    switch phase {
    case .ready: return .send
    case .idle:
      phase = .connecting(isWaitedFor: true)
      return .connectAndWait
    case .connecting(true): return .wait
    case .connecting(false), .resting: return .fail(.resting)
    case .over: return .fail(.unreachable)
    }
  }

  /// The server has answered the greeting.
  ///
  /// - Returns: whether an outage ends with it.
  package mutating func connected(now: Int64) -> Bool {
    guard case .connecting = phase else { return false }
    phase = .ready(since: now)
    defer { isOut = false }
    return isOut
  }

  /// The connection was lost, or could not be made.
  ///
  /// - Parameter isAtRest: whether the server closed it properly while nobody waited for anything.
  package mutating func lost(now: Int64, isAtRest: Bool) -> Loss {
    switch phase {
    case .over, .idle, .resting: return Loss()
    case .connecting: break
    case .ready(let since):
      let hasLasted = now &- since > Self.longestRest
      if hasLasted { failures = 0 }
      // A server may close what it has not been asked on for a while.
      if isAtRest, hasLasted {
        phase = .connecting(isWaitedFor: true)
        return Loss(reconnects: true)
      }
    }
    failures = min(failures + 1, 64)
    phase = .resting
    defer { isOut = true }
    return Loss(rest: Self.rest(after: failures), isFirst: !isOut)
  }

  /// The rest is over.
  ///
  /// - Returns: whether to try to connect.
  package mutating func rested() -> Bool {
    guard phase == .resting else { return false }
    phase = .connecting(isWaitedFor: false)
    return true
  }

  /// The link is shut down.
  package mutating func end() { phase = .over }

  /// The longest rest, in nanoseconds; a connection that lasts longer is a good one.
  package static let longestRest: Int64 = 2_000_000_000

  /// How long to rest after so many failures in a row, in nanoseconds.
  package static func rest(after failures: Int) -> Int64 {
    min(50_000_000 << Int64(min(max(failures, 1) - 1, 6)), longestRest)
  }
}
