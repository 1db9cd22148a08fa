/// At most so many units in any span of a length, wherever the span begins.
///
/// The units that were taken are kept in slots, each with the time of its last unit, and a slot counts until that time is
/// ``length`` ago. A slot takes what comes within ``grain`` of its first unit. Up to ``mostSlots`` units the grain is 0, so
/// that every unit leaves exactly when it should; above, a unit counts at most the grain (less than one hundredth of the
/// length) too long. Never too short: no span of the length ever sees more than ``limit`` units admitted.
public struct SlidingWindow: Sendable, Hashable, BitwiseCopyable {
  /// How many units.
  public let limit: Int64
  /// The length of the span, in nanoseconds.
  public let length: Int64
  /// How long a slot takes units from its first one on, in nanoseconds.
  public let grain: Int64

  /// How many slots a caller can have.
  public static let mostSlots = 128
  /// The longest span, in nanoseconds (36 years).
  public static let longest: Int64 = 1 << 60

  /// So many units of a rate's count in any span as long as its period; nil when the span is longer than ``longest``.
  public init?(rate: Rate) {
    guard let length = rate.period.wholeNanoseconds, length > 0, length <= Self.longest else { return nil }
    limit = Int64(rate.count)
    self.length = length
    // Two slots less than there may be: the oldest and the newest one are cut by the ends of the span.
    grain = rate.count <= Self.mostSlots ? 0 : length / Int64(Self.mostSlots - 2) + 1
  }
}

extension SlidingWindow {
  /// The most units that one slot counts; a charge beyond is cut off, so that no sum of slots can overflow, nor be more
  /// than the numbers of other stores hold exactly.
  package static let mostInSlot: Int64 = 1 << 45

  /// What is said of a cost when so many units count, the last of which leaves in a time and enough of which leave in
  /// another.
  package func decision(cost: Int64, used: Int64, fullIn: Int64, retryIn: Int64) -> LimitDecision {
    guard cost == 0 || used <= limit - cost else {
      return LimitDecision(.refused, remaining: max(0, limit - used), fullIn: fullIn, retryIn: retryIn)
    }
    return LimitDecision(
      .admitted, remaining: max(0, limit - used - cost), fullIn: cost > 0 ? length : fullIn, retryIn: 0)
  }
}

/// The units that one caller took in a ``SlidingWindow``, oldest first. The reference for every store: what it says is
/// what they must say.
public struct SlidingRecord: Sendable, Equatable {
  /// Units that leave at the same time.
  public struct Slot: Sendable, Equatable, BitwiseCopyable {
    /// When the last of them was taken, in nanoseconds.
    public var last: Int64
    /// How many.
    public var count: Int64
  }

  /// The slots, oldest first.
  public private(set) var slots: [Slot] = []
  /// When the first unit of the newest slot was taken.
  public private(set) var newestFirst: Int64 = 0

  /// Nothing was taken.
  public init() {}

  /// Units that count now.
  public var used: Int64 { slots.reduce(0) { $0 + $1.count } }

  /// Whether one more slot takes more memory.
  package var isFull: Bool { slots.count == slots.capacity }

  /// Judges a request and notes its units when it is admitted.
  public mutating func judge(_ window: SlidingWindow, cost: Int64, now: Int64) -> LimitDecision {
    let decision = decision(window, cost: cost, now: now)
    let now = advance(window, now)
    if decision.verdict == .admitted { add(window, cost, now) }
    return decision
  }

  /// What ``judge(_:cost:now:)`` would say. Nothing changes, and nothing is copied.
  public func decision(_ window: SlidingWindow, cost: Int64, now: Int64) -> LimitDecision {
    let (cost, now) = (max(cost, 0), max(now, slots.last?.last ?? now))
    var used: Int64 = 0
    for slot in slots where slot.last + window.length > now { used += slot.count }
    let fullIn = slots.last.map { max(0, $0.last + window.length - now) } ?? 0
    let fits = cost == 0 || used <= window.limit - cost
    return window.decision(
      cost: cost, used: used, fullIn: fullIn, retryIn: fits ? 0 : wait(window, for: cost, used, now))
  }

  /// Adds units that are not judged, or takes the newest ones away.
  public mutating func adjust(_ window: SlidingWindow, by units: Int64, now: Int64) {
    let now = advance(window, now)
    if units > 0 { add(window, units, now) }
    var left = units < 0 ? units.magnitude : 0
    while left > 0, let newest = slots.indices.last {
      let taken = min(left, UInt64(slots[newest].count))
      slots[newest].count -= Int64(taken)
      left -= taken
      guard slots[newest].count == 0 else { return }
      slots.removeLast()
      // The slot before it takes no more: when its first unit was taken is not known any more, and every further one
      // would keep the others longer than the grain.
      newestFirst = slots.last.map { max(0, $0.last - window.grain) } ?? 0
    }
  }

  /// Drops what does not count any more. Returns the time to judge at: it does not go back behind what was noted.
  private mutating func advance(_ window: SlidingWindow, _ now: Int64) -> Int64 {
    let now = max(now, slots.last?.last ?? now)
    slots.removeFirst(slots.prefix { $0.last + window.length <= now }.count)
    return now
  }

  private mutating func add(_ window: SlidingWindow, _ units: Int64, _ now: Int64) {
    guard units > 0 else { return }
    if let newest = slots.indices.last,
      now - newestFirst < window.grain || now == slots[newest].last || slots.count == SlidingWindow.mostSlots
    {
      slots[newest].last = now
      slots[newest].count = min(slots[newest].count + min(units, SlidingWindow.mostInSlot), SlidingWindow.mostInSlot)
    } else {
      slots.append(Slot(last: now, count: min(units, SlidingWindow.mostInSlot)))
      newestFirst = now
    }
  }

  /// How long until so many units fit.
  private func wait(_ window: SlidingWindow, for cost: Int64, _ used: Int64, _ now: Int64) -> Int64 {
    var used = used
    for slot in slots where slot.last + window.length > now {
      used -= slot.count
      if used <= window.limit - cost { return slot.last + window.length - now }
    }
    return window.length
  }
}
