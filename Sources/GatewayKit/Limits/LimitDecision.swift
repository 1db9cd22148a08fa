/// What a store says of one rule's part of a request.
public struct LimitDecision: Sendable, Hashable, BitwiseCopyable {
  /// Whether the request may pass, as far as this rule is concerned.
  public enum Verdict: Sendable, Hashable, BitwiseCopyable {
    /// It may; its cost was taken, unless another rule refused the request.
    case admitted
    /// It may not, and nothing was taken.
    case refused
    /// The store has no room for one more caller, so it cannot tell; nothing was taken.
    case noRoom
  }

  /// Whether the request may pass.
  public let verdict: Verdict
  /// Units that could be taken at once now.
  public let remaining: Int64
  /// Nanoseconds until the allowance is whole again; 0 for units that come back with the end of exchanges.
  public let fullIn: Int64
  /// Nanoseconds until the same request would be admitted, as far as can be known; 0 when it was.
  public let retryIn: Int64
  /// Nanoseconds that the request has to wait for the units that it took; only where its claim has patience.
  public let delay: Int64

  /// A decision.
  public init(_ verdict: Verdict, remaining: Int64, fullIn: Int64, retryIn: Int64, delay: Int64 = 0) {
    self.verdict = verdict
    self.remaining = remaining
    self.fullIn = fullIn
    self.retryIn = retryIn
    self.delay = delay
  }
}

/// The times that limits are judged by.
public struct LimitTime: Sendable, Hashable, BitwiseCopyable {
  /// Monotonic nanoseconds.
  public let monotonic: Int64
  /// Nanoseconds since 1970.
  public let wall: Int64

  /// A moment.
  public init(monotonic: Int64, wall: Int64) {
    self.monotonic = monotonic
    self.wall = wall
  }
}
