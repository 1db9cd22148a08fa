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

  /// Until when more than these bytes must have come.
  func deadline(after bytes: UInt64) -> Int64 {
    guard rate > 0, heldUpSince == nil else { return .max }
    let (seconds, rest) = Int64(clamping: bytes).quotientAndRemainder(dividingBy: rate)
    let (earned, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return .max }
    let (sum, carried) = (began &+ grace).addingReportingOverflow(earned)
    return carried ? .max : sum &+ rest &* 1_000_000_000 / rate
  }
}

/// Whether a client takes what is written for it, seen by looking now and then.
struct Delivery {
  private var last: (time: Int64, bytes: UInt64)?

  mutating func reset() { last = nil }

  /// - Parameters:
  ///   - bytes: how much the client has taken since the connection began.
  ///   - rate: the least rate in bytes per second; 0 asks for any progress.
  /// - Returns: whether it has taken enough since the last look. The first look only notes where it stands.
  mutating func look(now: Int64, bytes: UInt64, rate: Int) -> Bool {
    defer { last = (now, bytes) }
    guard let last else { return true }
    let taken = bytes &- last.bytes
    let seconds = UInt64(max(now &- last.time, 0) / 1_000_000_000)
    return taken >= max(1, UInt64(rate) &* seconds)
  }
}
