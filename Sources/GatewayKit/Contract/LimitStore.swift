import HTTPWire

/// Keeps how much of their allowance callers have used, and answers at once, on any thread.
///
/// Every store passes the same conformance tests: it judges as ``LimitRule/judge(_:cost:now:)`` does, a refused request
/// takes nothing, keys do not influence one another, and a caller is forgotten only when the allowance is whole again.
public protocol LimitStore: Sendable {
  /// Judges a request and takes its cost when it is admitted, in one step.
  ///
  /// - Parameters:
  ///   - rule: the rule; one key is always judged by one rule, which is part of what the key was made of.
  ///   - key: whose allowance.
  ///   - cost: units, at least 0.
  ///   - now: monotonic nanoseconds.
  func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) -> LimitDecision

  /// Gives back what an admitted request took, because something else refused it.
  func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64)
}

/// A ``LimitStore`` that several gateways share, such as Redis: the same meaning, but the answer takes a while and may not
/// come. Gateways that share a store must make their keys with the same seeds and judge by the store's time.
public protocol SharedLimitStore: Sendable {
  /// Judges a request and takes its cost when it is admitted, in one atomic step.
  ///
  /// - Throws: when the store cannot tell; the caller decides by its settings what that means.
  func take(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws -> LimitDecision

  /// Gives back what an admitted request took, because something else refused it.
  func giveBack(_ rule: LimitRule, key: LimitKey, cost: Int, now: Int64) async throws
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
