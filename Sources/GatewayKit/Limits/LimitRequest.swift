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

  /// How many units more than its rule says so many gateways admit together at the most, over any span of time.
  public func overshoot(gateways: Int) -> Int64 {
    let (product, overflow) = batch.multipliedReportingOverflow(by: Int64(max(gateways, 1)))
    return overflow ? .max : product
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
  /// Where each claim's caller is in its table, while a store works.
  @exclusivity(unchecked) var places: ContiguousArray<Int> = []
  /// Whoever waits for the answer.
  @exclusivity(unchecked) private var resumption: Resumption?
  /// What is to be done with an answer that nobody waits for any more.
  @exclusivity(unchecked) private var afterAbandoning: ((LimitRequest) -> Void)?

  /// A request without claims.
  public init() {}

  /// Makes it ready for another exchange; capacity is kept.
  public func reset() {
    claims.removeAll(keepingCapacity: true)
    decisions.removeAll(keepingCapacity: true)
    outcome = .pending
    isLeased = false
    resumption = nil
    afterAbandoning = nil
  }

  /// Adds a claim. The caller sees to it that there are at most ``mostClaims``, with different keys.
  public func append(_ claim: LimitClaim) { claims.append(claim) }

  /// Has the exchange asked again (``Continuation/again``) when the answer is there. For filters that were told that it
  /// comes later.
  public func wait(_ resumption: Resumption) { self.resumption = resumption }

  /// Nobody waits any more. The store still answers; then the body is called, which gives back what was taken. The request
  /// is not used again.
  public func abandon(_ body: @escaping (LimitRequest) -> Void) {
    resumption = nil
    afterAbandoning = body
  }
}

// MARK: - The store's side

extension LimitRequest {
  /// Gives the decisions; the outcome follows from them.
  package func answer(_ decisions: some Sequence<LimitDecision>, isLeased: Bool = false) {
    self.decisions.removeAll(keepingCapacity: true)
    self.decisions.append(contentsOf: decisions)
    self.isLeased = isLeased
    conclude()
  }

  /// Says that the store cannot tell.
  public func fail(_ failure: LimitFailure) { outcome = .failed(failure) }

  /// Has the exchange go on, if any waits. On the loop, and never inside ``LimitLedger/take(_:now:)``.
  package func resume() {
    if let body = afterAbandoning.take() { return body(self) }
    guard let resumption = resumption.take() else { return }
    resumption.resumeOnLoop(.again)
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
