import HTTPWire

/// Keeps how much of their allowances callers have used.
///
/// Every store passes the same conformance tests: it judges as the rules' own `judge` does, all claims of a request in one
/// step, a refused request takes nothing, keys do not influence one another, and a caller is forgotten only when the
/// allowance is whole again.
public protocol LimitStore: Sendable {
  /// How many gateways share the allowances.
  var gateways: Int { get }
  /// Whether kept answers can fill the place where the allowances are.
  var isBesideAnswers: Bool { get }

  /// One loop's access to the store, asked for on that loop. Filters of one loop may share it. It is of use as long as the
  /// store is: whoever keeps a ledger keeps the store.
  func ledger(on loop: LoopContext) -> any LimitLedger
}

extension LimitStore {
  /// Mostly they cannot.
  public var isBesideAnswers: Bool { false }
}

/// One loop's access to a store. Bound to its loop; not `Sendable`.
public protocol LimitLedger: AnyObject {
  /// Judges all claims of a request and takes their cost when it is admitted, in one atomic step.
  ///
  /// - Returns: true when the answer is there; false when it comes later: the request is resumed then, on the loop.
  func take(_ request: LimitRequest, now: LimitTime) -> Bool

  /// Takes more units of a claim that was taken, or gives some back (less than 0), without judging. Where exchanges end
  /// that held units of a ``LimitRule/concurrent(_:)``, this gives them back.
  func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime)
}

/// Stands for a rule and a caller: two independently seeded hashes of length-prefixed parts, 128 bits together.
///
/// Peers do not know the seeds, so they cannot make two keys meet; by chance, two of a million callers meet with a
/// probability below 10^-26.
public struct LimitKey: Sendable, Hashable, BitwiseCopyable {
  /// The first 64 bits.
  public let high: UInt64
  /// The last 64 bits.
  public let low: UInt64

  /// A key of these bits.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The key of composite bytes, each part preceded by its length.
  public init(parts: UnsafeRawBufferPointer, seeds: (UInt64, UInt64)) {
    high = ByteHash.hash(parts, seed: seeds.0)
    low = ByteHash.hash(parts, seed: seeds.1)
  }
}
