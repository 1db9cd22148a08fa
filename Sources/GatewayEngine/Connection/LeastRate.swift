/// Holds a peer to a least rate over a whole message, after a grace. Time in which others held it up does not count.
struct LeastRate {
  /// Bytes per second; 0 for none.
  let rate: Int64
  /// Nanoseconds.
  let grace: Int64
  private var began: Int64 = 0
  private var heldUpSince: Int64?

  init(rate: Int, grace: Int64) {
    self.rate = Int64(rate)
    self.grace = grace
  }

  mutating func begin(now: Int64) {
    began = now
    heldUpSince = nil
  }

  /// The peer cannot go on, and that is not its fault.
  mutating func heldUp(now: Int64) { if heldUpSince == nil { heldUpSince = now } }

  mutating func goesOn(now: Int64) {
    guard let since = heldUpSince.take() else { return }
    began &+= now &- since
  }

  var isHeldUp: Bool { heldUpSince != nil }

  /// Until when more than these bytes must have come.
  func deadline(after bytes: UInt64) -> Int64 {
    guard rate > 0, heldUpSince == nil else { return .max }
    let (seconds, rest) = Int64(clamping: bytes).quotientAndRemainder(dividingBy: rate)
    let (earned, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return .max }
    let (allowed, exceeded) = grace.addingReportingOverflow(earned)
    let (sum, carried) = began.addingReportingOverflow(allowed)
    if exceeded || carried { return .max }
    // The rest is less than the rate, so its time is less than a second.
    let fraction = rate.dividingFullWidth(rest.multipliedFullWidth(by: 1_000_000_000)).quotient
    let (deadline, isEndless) = sum.addingReportingOverflow(fraction)
    return isEndless ? .max : deadline
  }
}

/// Whether a peer takes what is written for it, seen by looking now and then.
///
/// The peer's system tells what was read in steps of its own choice, some of them larger than what has to be read between
/// two looks. So a peer that falls behind the least rate has some time to catch up.
struct Delivery {
  private var last: (time: Int64, bytes: UInt64)?
  /// How much less than the least rate was taken.
  private var behind: UInt64 = 0

  mutating func reset() { self = Delivery() }

  /// From here on it is looked at; so much was taken before.
  mutating func begin(now: Int64, bytes: UInt64) {
    last = (now, bytes)
    behind = 0
  }

  /// - Parameters:
  ///   - bytes: how much the peer has taken since the connection began.
  ///   - rate: the least rate in bytes per second; 0 asks for any progress.
  ///   - patience: for how long a peer may take nothing at all, in nanoseconds.
  /// - Returns: whether it takes enough. The first look only notes where it stands.
  mutating func look(now: Int64, bytes: UInt64, rate: Int, patience: Int64 = 0) -> Bool {
    defer { last = (now, bytes) }
    guard let last else { return true }
    let taken = bytes > last.bytes ? bytes - last.bytes : 0
    guard rate > 0 else { return taken > 0 }
    let elapsed = now > last.time ? UInt64(bitPattern: now &- last.time) : 0
    let (due, isEndless) = behind.addingReportingOverflow(Self.bytes(in: elapsed, at: rate))
    behind = isEndless ? .max : due
    behind -= min(behind, taken)
    return behind <= Self.bytes(in: UInt64(max(patience, 0)), at: rate)
  }

  private static func bytes(in nanoseconds: UInt64, at rate: Int) -> UInt64 {
    let product = UInt64(max(rate, 0)).multipliedFullWidth(by: nanoseconds)
    let second: UInt64 = 1_000_000_000
    return product.high < second ? second.dividingFullWidth(product).quotient : .max
  }
}
