/// What a timer belongs to.
protocol TimerTarget: AnyObject {
  /// The deadline has passed. The timer is no longer armed.
  func timerFired()
}

/// One deadline of one connection. Moving a deadline further away, which is what every piece of traffic does, is one store.
final class Timer {
  fileprivate var previous: Timer?
  fileprivate var next: Timer?
  fileprivate var slot = Timer.unarmed
  fileprivate var scheduled: Int64 = 0
  /// Monotonic nanoseconds.
  fileprivate(set) var deadline: Int64 = 0
  /// Whose deadline it is; its owner sets it, and clears it at its own end.
  var target: (any TimerTarget)?

  /// Whether the wheel holds it.
  var isArmed: Bool { slot != Self.unarmed }

  fileprivate static let unarmed = -1
}

/// The coarse timers of one loop: a wheel of slots, each a list of timers, turned by one repeated task.
///
/// A timer stands in the slot of its deadline, or in the last one when that is further away; when its slot comes up before
/// its deadline it is put in again. So nothing is scheduled, and nearly nothing moved, per request.
struct TimerWheel {
  /// Nanoseconds a slot stands for: how late a timer may fire.
  let tick: Int64
  private var slots: [Timer?]
  private var current: Int64

  /// - Parameters:
  ///   - tick: nanoseconds of a slot.
  ///   - slots: how many; together they are the horizon.
  init(tick: Int64, slots: Int, now: Int64) {
    self.tick = tick
    self.slots = Array(repeating: nil, count: slots)
    self.current = now / tick
  }

  /// Arms a timer or moves its deadline.
  mutating func arm(_ timer: Timer, deadline: Int64) {
    timer.deadline = deadline
    let due = dueTick(deadline)
    if timer.slot != Timer.unarmed {
      if timer.scheduled <= due { return }
      unlink(timer)
    }
    link(timer, at: due)
  }

  /// Disarms a timer.
  mutating func cancel(_ timer: Timer) {
    if timer.slot != Timer.unarmed { unlink(timer) }
    timer.deadline = .max
  }

  /// Turns the wheel to `now` and returns the timers whose deadline has passed, disarmed.
  mutating func advance(to now: Int64) -> [Timer] {
    var fired: [Timer] = []
    let target = now / tick
    // After a long pause every slot is looked at once, not once per missed tick.
    var steps = min(target - current, Int64(slots.count))
    while steps > 0 {
      steps -= 1
      current = target - steps
      var timer = slots[Int(current % Int64(slots.count))]
      while let found = timer {
        timer = found.next
        unlink(found)
        if found.deadline <= now { fired.append(found) } else { link(found, at: dueTick(found.deadline)) }
      }
    }
    return fired
  }

  /// The tick at which the timer is looked at: after its deadline, but within the horizon and not in the past.
  private func dueTick(_ deadline: Int64) -> Int64 {
    min(max(deadline / tick + 1, current + 1), current + Int64(slots.count) - 1)
  }

  private mutating func link(_ timer: Timer, at due: Int64) {
    let slot = Int(due % Int64(slots.count))
    timer.scheduled = due
    timer.slot = slot
    timer.previous = nil
    timer.next = slots[slot]
    slots[slot]?.previous = timer
    slots[slot] = timer
  }

  private mutating func unlink(_ timer: Timer) {
    if let previous = timer.previous { previous.next = timer.next } else { slots[timer.slot] = timer.next }
    timer.next?.previous = timer.previous
    timer.previous = nil
    timer.next = nil
    timer.slot = Timer.unarmed
  }
}
