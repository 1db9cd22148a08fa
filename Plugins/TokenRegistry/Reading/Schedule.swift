/// When the API is asked next, and for what. Times are monotonic nanoseconds.
struct Schedule: Sendable, Equatable {
  enum Step: Sendable, Equatable {
    /// Ask whether the list has changed, and read it if so.
    case probe
    /// Read it in any case.
    case whole
  }

  static let longestPause = 60 * Nanoseconds.second
  /// No two early readings begin within this time.
  static let earlyPause = Nanoseconds.second

  private let interval: Int64
  private let fullEvery: Int64
  /// When it is time for the next reading that nobody waits for.
  private(set) var due: Int64
  private var lastWhole: Int64?
  private var lastEarly: Int64?
  /// How many readings failed since one succeeded.
  private(set) var failures = 0

  init(interval: Int64, fullEvery: Int64, now: Int64) {
    self.interval = interval
    self.fullEvery = fullEvery
    due = now
  }

  /// When the next reading begins: early if somebody waits for one.
  func next(hasWaiters: Bool) -> Int64 {
    guard hasWaiters else { return due }
    return min(due, lastEarly.map { $0 + Self.earlyPause } ?? .min)
  }

  /// Begins a reading. It is a whole one if the next would come too late for that.
  mutating func begin(at now: Int64, hasWaiters: Bool) -> Step {
    if now < due, hasWaiters { lastEarly = now }
    guard let lastWhole, now + interval < lastWhole + fullEvery else { return .whole }
    return .probe
  }

  /// A reading succeeded. The next begins an interval after its beginning, or a little earlier, so that many gateways
  /// do not ask all at once; what changes meanwhile is known an interval and an answer later. An API that needs longer
  /// than the interval is given some rest.
  mutating func succeeded(began: Int64, ended: Int64, whole: Bool, random: UInt64) {
    if whole { lastWhole = began }
    failures = 0
    due = max(began + interval - Self.share(of: interval / 8, random), ended + (ended - began) / 8)
  }

  /// A reading failed. The pause doubles with every failure in a row, from the interval up to a minute; at random it is
  /// as little as half of that.
  ///
  /// - Parameter retryAfter: How long the API asks to be left alone.
  mutating func failed(at now: Int64, retryAfter: Int64?, random: UInt64) {
    var pause = min(interval, Self.longestPause)
    for _ in 0..<min(failures, 16) { pause = min(pause * 2, Self.longestPause) }
    failures += 1
    pause -= Self.share(of: pause / 2, random)
    due = now + max(pause, min(retryAfter ?? 0, Self.longestPause))
  }

  /// An even share of an amount, from nothing up to all of it.
  private static func share(of amount: Int64, _ random: UInt64) -> Int64 {
    amount > 0 ? Int64(truncatingIfNeeded: random % UInt64(amount)) : 0
  }
}
