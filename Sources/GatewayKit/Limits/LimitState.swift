/// What is kept of one caller of one rule, in 24 bytes that can be copied.
struct LimitState: BitwiseCopyable {
  private enum Kind: UInt8 {
    case rate, sliding, calendar, concurrent
  }

  /// `rate`: the theoretical arrival time. `sliding`: the reference to a ``SlidingBox``, which this owns; 0 for none.
  /// `calendar`: the beginning of the period, in seconds. `concurrent`: the units that are taken.
  private var first: Int64 = 0
  /// `sliding`: when all slots have left. `calendar`: the units that were taken.
  private var second: Int64 = 0
  /// `calendar`: the end of the period, in seconds since 1970, up to the year 2106.
  private var third: UInt32 = 0
  private var kind = Kind.rate

  /// Of a node that holds nobody.
  init() {}

  /// Of a caller whose allowance is whole.
  init(_ rule: LimitRule) {
    switch rule {
    case .rate: kind = .rate
    case .sliding: kind = .sliding
    case .calendar:
      kind = .calendar
      first = .min
    case .concurrent: kind = .concurrent
    }
  }

  /// When to try again where nothing better is known, in nanoseconds.
  private static let moment: Int64 = 1_000_000_000

  /// Judges a claim and changes nothing.
  ///
  /// - Parameter hasRoom: whether a sliding window may take memory for one more slot.
  func judge(_ claim: LimitClaim, now: LimitTime, hasRoom: Bool) -> LimitDecision {
    switch claim.rule {
    case .rate(let rate):
      var arrival = first
      return rate.judge(&arrival, cost: claim.cost, now: now.monotonic, patience: claim.patience)
    case .sliding(let window):
      guard let box else {
        if !hasRoom { return LimitDecision(.noRoom, remaining: 0, fullIn: 0, retryIn: Self.moment) }
        return SlidingRecord().decision(window, cost: claim.cost, now: now.monotonic)
      }
      let decision = box.record.decision(window, cost: claim.cost, now: now.monotonic)
      guard hasRoom || decision.verdict != .admitted || claim.cost == 0 || !box.record.isFull else {
        return LimitDecision(.noRoom, remaining: 0, fullIn: 0, retryIn: Self.moment)
      }
      return decision
    case .calendar(let window):
      var (used, kept) = (second, first)
      return window.judge(&used, in: &kept, cost: claim.cost, wall: now.wall)
    case .concurrent(let limit): return LimitRule.decision(concurrent: limit, used: first, cost: claim.cost)
    }
  }

  /// Takes the units of a claim that was judged at the same time and admitted. Returns by how many bytes more memory is
  /// taken besides this.
  mutating func take(_ claim: LimitClaim, now: LimitTime) -> Int {
    switch claim.rule {
    case .rate(let rate):
      _ = rate.judge(&first, cost: claim.cost, now: now.monotonic, patience: claim.patience)
    case .sliding(let window):
      return changeRecord(window) { _ = $0.judge(window, cost: claim.cost, now: now.monotonic) }
    case .calendar(let window):
      _ = window.judge(&second, in: &first, cost: claim.cost, wall: now.wall)
      noteEnd(window)
    case .concurrent: first &+= max(claim.cost, 0)
    }
    return 0
  }

  /// Takes units that are not judged, or gives some back. Returns by how many bytes more memory is taken besides this.
  mutating func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) -> Int {
    switch claim.rule {
    case .rate(let rate): rate.adjust(&first, by: units, now: now.monotonic)
    case .sliding(let window): return changeRecord(window) { $0.adjust(window, by: units, now: now.monotonic) }
    case .calendar(let window):
      window.adjust(&second, in: &first, by: units, wall: now.wall)
      noteEnd(window)
    case .concurrent:
      let most = CalendarWindow.mostUsed
      first = min(max(0, first &+ min(max(units, -most), most)), most)
    }
    return 0
  }

  private mutating func noteEnd(_ window: CalendarWindow) {
    // Of whichever period is kept; what was never used has none.
    guard first != .min else { return }
    third = UInt32(clamping: window.period(at: first).end)
  }

  /// Whether nothing is lost when the caller is forgotten.
  func isWhole(_ now: LimitTime) -> Bool {
    switch kind {
    case .rate: first <= now.monotonic
    case .sliding: second <= now.monotonic
    case .calendar: Int64(third) <= now.wall / 1_000_000_000 || second == 0
    case .concurrent: first == 0
    }
  }

  /// Gives back what this owns. Returns how many bytes that were.
  mutating func end() -> Int {
    guard kind == .sliding, let owned = reference else { return 0 }
    let bytes = owned.takeUnretainedValue().bytes
    owned.release()
    (first, second) = (0, 0)
    return bytes
  }
}

// MARK: - Sliding windows

extension LimitState {
  private var reference: Unmanaged<SlidingBox>? {
    UnsafeRawPointer(bitPattern: Int(first)).map { Unmanaged<SlidingBox>.fromOpaque($0) }
  }

  private var box: SlidingBox? { reference?.takeUnretainedValue() }

  private mutating func changeRecord(_ window: SlidingWindow, _ change: (inout SlidingRecord) -> Void) -> Int {
    var before = 0
    let owner: SlidingBox
    if let box {
      owner = box
      before = box.bytes
    } else {
      owner = SlidingBox()
      first = Int64(Int(bitPattern: Unmanaged.passRetained(owner).toOpaque()))
    }
    change(&owner.record)
    second = owner.record.slots.last.map { $0.last &+ window.length } ?? 0
    return owner.bytes - before
  }
}

/// Holds the record of one caller of a sliding window.
final class SlidingBox {
  var record = SlidingRecord()

  /// What it takes, in bytes, with what the allocator adds.
  var bytes: Int { 96 + record.slots.capacity * MemoryLayout<SlidingRecord.Slot>.stride }

  /// By how much a record may grow in one step, in bytes: it doubles.
  static let growth = 96 + SlidingWindow.mostSlots * MemoryLayout<SlidingRecord.Slot>.stride
}
