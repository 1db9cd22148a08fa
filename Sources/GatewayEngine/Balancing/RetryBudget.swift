import GatewayKit

/// How much of a loop's traffic to an upstream may be retries, so that an origin in trouble is not asked ever more.
///
/// In each second, the first ``RetryConfiguration/least`` retries are free. All further ones of the window (this second and
/// the nine before) may be ``RetryConfiguration/budget`` percent of the window's requests.
struct RetryBudget: Sendable {
  /// Seconds that count.
  static let window = 10

  private struct Second {
    var requests: Int64 = 0
    var retries: Int64 = 0
  }

  private let percent: Int64
  private let least: Int64
  private var seconds = Array(repeating: Second(), count: window)
  /// The sums over all seconds; of retries, those that were not free.
  private var sum = Second()
  /// Free retries of this second.
  private var free: Int64 = 0
  /// The newest second, counted from the clock's zero; nil before the first event.
  private var current: Int64?

  init(_ configuration: RetryConfiguration) {
    percent = Int64(min(max(configuration.budget, 0), 10_000))
    least = Int64(max(configuration.least, 0))
  }

  /// A request is sent for the first time.
  mutating func request(now: Int64) {
    let slot = advance(to: now)
    // A bound that no second reaches; with it no product below is too large.
    guard seconds[slot].requests < 1 << 40 else { return }
    seconds[slot].requests &+= 1
    sum.requests &+= 1
  }

  /// Whether a request may be sent again; then it is counted.
  mutating func tryRetry(now: Int64) -> Bool {
    let slot = advance(to: now)
    if free < least {
      free &+= 1
      return true
    }
    guard (sum.retries &+ 1) &* 100 <= sum.requests &* percent else { return false }
    seconds[slot].retries &+= 1
    sum.retries &+= 1
    return true
  }

  /// Forgets the seconds that are out of the window. Returns the place of this second.
  private mutating func advance(to now: Int64) -> Int {
    // Rounded down for times before zero too.
    let second = now / 1_000_000_000 - (now % 1_000_000_000 < 0 ? 1 : 0)
    let newest = current ?? second
    // A clock that goes back stays in the newest second.
    let reached = max(newest, second)
    if reached > newest || current == nil {
      for passed in 0..<min(reached - newest, Int64(Self.window)) { clear(Self.slot(reached - passed)) }
      current = reached
      free = 0
    }
    return Self.slot(reached)
  }

  private mutating func clear(_ slot: Int) {
    sum.requests &-= seconds[slot].requests
    sum.retries &-= seconds[slot].retries
    seconds[slot] = Second()
  }

  private static func slot(_ second: Int64) -> Int {
    let rest = Int(second % Int64(window))
    return rest < 0 ? rest + window : rest
  }
}
