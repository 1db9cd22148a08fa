import GatewayKit
import NIOCore

/// What one exchange asked of its limits, and where it stands. Used again for later exchanges of its loop.
final class ExchangeLimits {
  /// Who answers a claim.
  enum Ledger {
    case memory, shared, local
    /// Nobody: the store failed, and the rule lets pass.
    case nobody
  }

  struct Entry {
    let rule: Int
    let choice: Int
    var ledger: Ledger
    /// The claim's place in its ledger's request.
    var place: Int
    /// Units taken so far.
    var taken: Int64
    /// Whether what it was worth is known.
    var isSettled = false
  }

  enum Stage {
    case asking
    /// The shared store was asked, and answers later.
    case waiting
    /// Its units are taken, and it waits until they have come back.
    case delayed
    case passed
    case refused
  }

  let memory = LimitRequest()
  let shared = LimitRequest()
  let local = LimitRequest()
  var entries: ContiguousArray<Entry> = []
  var stage = Stage.asking
  /// Where it waits, while it does.
  var room: WaitingRoom?
  /// Ends its wait.
  var alarm: Scheduled<Void>?
  /// When the units were taken, monotonic nanoseconds.
  var taken: Int64 = 0

  func reset() {
    // Most exchanges use one of them.
    if !memory.claims.isEmpty { memory.reset() }
    if !shared.claims.isEmpty { shared.reset() }
    if !local.claims.isEmpty { local.reset() }
    while entries.popLast() != nil {}
    stage = .asking
    if room != nil { room = nil }
    if alarm != nil { alarm = nil }
  }

  /// It waits no longer.
  func leaveRoom(of exchange: Exchange) {
    room?.leave(exchange.domain?.shard ?? 0)
    room = nil
  }

  /// The request of a ledger.
  func request(_ ledger: Ledger) -> LimitRequest? {
    switch ledger {
    case .memory: memory
    case .shared: shared
    case .local: local
    case .nobody: nil
    }
  }

  /// A claim as it was made.
  func claim(_ entry: Entry) -> LimitClaim? { request(entry.ledger)?.claims[entry.place] }

  /// What came of a claim; nil while it is open, and where nobody answered.
  func decision(_ entry: Entry) -> LimitDecision? {
    guard let request = request(entry.ledger), request.outcome == .admitted || request.outcome == .refused else {
      return nil
    }
    return request.decisions[entry.place]
  }
}
