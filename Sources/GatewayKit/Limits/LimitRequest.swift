/// What one rule asks of a store for one request.
public struct LimitClaim: Sendable, BitwiseCopyable {
  /// Whose allowance. One key is always judged by one rule, which is part of what the key was made of.
  public var key: LimitKey
  /// The rule.
  public var rule: LimitRule
  /// Units that the request takes, at least 0.
  public var cost: Int64
  /// How long the request may be made to wait, in nanoseconds; 0 unless the rule is a ``LimitRule/rate(_:)``.
  public var patience: Int64 = 0
  /// Whose callers these are: the shard of a domain, or 0 for nobody's. A domain never takes all the room there is in
  /// memory.
  public var owner: UInt16 = 0
  /// Whether the rule only looks on: it takes its units if it can and refuses nobody.
  public var isShadow = false
  /// What holds when the store has no room for the caller: whether the request passes uncounted.
  public var admitsWhenFull = false
  /// How units are taken in advance; nil to ask for each request. Only stores that gateways share heed it.
  public var lease: LimitLease?

  /// A claim.
  public init(key: LimitKey, rule: LimitRule, cost: Int64) {
    self.key = key
    self.rule = rule
    self.cost = cost
  }
}

/// How a gateway takes units of a shared limit in advance, so that most requests need not ask the store.
public struct LimitLease: Sendable, Hashable, BitwiseCopyable {
  /// The most units that one gateway holds of one allowance.
  public let batch: Int64
  /// How long it keeps units that nobody asks for, in nanoseconds.
  public let time: Int64

  /// A lease; both are at least 1.
  public init(batch: Int64, time: Int64) {
    self.batch = max(batch, 1)
    self.time = max(time, 1)
  }
}

extension LimitLease {
  /// How many units more than the exact rule all gateways together can admit in any span at most: those that they hold in
  /// advance when it begins. Units of a period are never used in the next one, and units at a time are taken as long as
  /// they are held, so these two have no overshoot.
  public func overshoot(of rule: LimitRule, gateways: Int) -> Int64 {
    switch rule {
    case .rate, .sliding: overshoot(gateways: gateways)
    case .calendar, .concurrent: 0
    }
  }

  /// The same for the rules that have one: the batch of each gateway.
  public func overshoot(gateways: Int) -> Int64 {
    let (units, overflow) = batch.multipliedReportingOverflow(by: Int64(max(gateways, 1)))
    return overflow ? .max : units
  }
}

/// Why a store could not tell.
public enum LimitFailure: Error, Sendable, Hashable {
  /// It was not asked, since it failed a moment ago.
  case resting
  /// It gave no answer in time.
  case timeout
  /// It cannot be reached, or the connection ended before the answer.
  case unreachable
  /// More questions are on their way than may be.
  case overloaded
  /// It answered something that is no answer.
  case invalid
}

/// What one exchange asks of a store: a claim for each of its rules, all judged in one step, and then the decisions.
/// Bound to its loop; used again for later exchanges.
public final class LimitRequest {
  /// The most claims of one request.
  public static let mostClaims = 16

  /// What came of it.
  public enum Outcome: Sendable, Hashable {
    /// It has not been answered.
    case pending
    /// Every rule that refuses admitted it, and all units were taken.
    case admitted
    /// A rule refused it, and nothing was taken.
    case refused
    /// The store could not tell. Nothing was taken, as far as is known.
    case failed(LimitFailure)
  }

  /// What is asked.
  @exclusivity(unchecked) public package(set) var claims: ContiguousArray<LimitClaim> = []
  /// The answer to each claim, once the outcome is `admitted` or `refused`.
  @exclusivity(unchecked) public package(set) var decisions: ContiguousArray<LimitDecision> = []
  /// What came of it.
  @exclusivity(unchecked) public package(set) var outcome = Outcome.pending
  /// Whether units that were taken in advance sufficed.
  @exclusivity(unchecked) public package(set) var isLeased = false
  /// A number of the store's own for each claim, while it works.
  @exclusivity(unchecked) public var places: ContiguousArray<Int> = []
  /// Tells the exchanges that it serves apart.
  @exclusivity(unchecked) public private(set) var turn = 0
  /// Whether a store has it, and will answer later. Set by the store.
  @exclusivity(unchecked) public var isOnItsWay = false
  /// What was asked for exchanges that ended before the answer was there.
  private var abandoned: [Abandoned] = []
  /// Whoever waits for the answer.
  @exclusivity(unchecked) private var resumption: Resumption?
  /// The same where no exchange waits.
  private var continuation: (() -> Void)?

  /// A request without claims.
  public init() {}

  /// Makes it ready for another exchange; capacity is kept.
  ///
  /// To be called as well when an exchange ends before the answer is there: the store then gives back by itself what would
  /// be held from the answer on (units of a ``LimitRule/concurrent(_:)``).
  public func reset() {
    if isOnItsWay { abandon() }
    turn &+= 1
    // One or two, mostly: to empty a list as a whole costs more.
    while claims.popLast() != nil {}
    while decisions.popLast() != nil {}
    outcome = .pending
    isLeased = false
    if resumption != nil { resumption = nil }
    if continuation != nil { continuation = nil }
  }

  /// Adds a claim. The caller sees to it that there are at most ``mostClaims``, with different keys.
  public func append(_ claim: LimitClaim) { claims.append(claim) }

  /// Has the exchange asked again (``Continuation/again``) when the answer is there. For filters that were told that it
  /// comes later.
  public func wait(_ resumption: Resumption) { self.resumption = resumption }

  /// Calls back on the loop when the answer is there. For tests, where no exchange waits.
  package func wait(_ continuation: @escaping () -> Void) { self.continuation = continuation }
}

// MARK: - The store's side

extension LimitRequest {
  /// Gives the decisions; the outcome follows from them.
  public func answer(_ decisions: ContiguousArray<LimitDecision>, isLeased: Bool = false) {
    self.decisions.removeAll(keepingCapacity: true)
    for decision in decisions { self.decisions.append(decision) }
    self.isLeased = isLeased
    conclude()
  }

  /// Gives the decision on the only claim.
  package func answer(_ decision: LimitDecision) {
    if decisions.count == 1 {
      decisions[0] = decision
    } else {
      decisions.removeAll(keepingCapacity: true)
      decisions.append(decision)
    }
    isLeased = false
    outcome = passes(0) ? .admitted : .refused
  }

  /// Says that the store cannot tell.
  public func fail(_ failure: LimitFailure) { outcome = .failed(failure) }

  /// What was asked for an exchange that has ended since, and the store's numbers with it.
  public struct Abandoned {
    /// Which of the request's exchanges.
    public let turn: Int
    /// What was asked.
    public let claims: ContiguousArray<LimitClaim>
    /// The store's numbers.
    public let places: ContiguousArray<Int>
  }

  private func abandon() {
    isOnItsWay = false
    abandoned.append(Abandoned(turn: turn, claims: claims, places: places))
  }

  /// What an answer is to that comes too late; once for each.
  public func takeAbandoned(_ turn: Int) -> Abandoned? {
    guard let index = abandoned.firstIndex(where: { $0.turn == turn }) else { return nil }
    return abandoned.remove(at: index)
  }

  /// Has the exchange go on, if any waits. On the loop, and never inside ``LimitLedger/take(_:now:)``.
  public func resume() {
    if let resumption = resumption.take() { return resumption.resumeOnLoop(.again) }
    continuation.take()?()
  }

  /// The outcome of the decisions that are there.
  func conclude() {
    outcome = .admitted
    for index in claims.indices where !passes(index) { outcome = .refused }
  }

  /// Whether a claim lets the request pass.
  @inline(__always)
  public func passes(_ index: Int) -> Bool {
    switch decisions[index].verdict {
    case .admitted: true
    case .refused: claims[index].isShadow
    case .noRoom: claims[index].isShadow || claims[index].admitsWhenFull
    }
  }

  /// Whether a claim's units are taken when the request passes.
  @inline(__always)
  public func takes(_ index: Int) -> Bool { decisions[index].verdict == .admitted }
}
