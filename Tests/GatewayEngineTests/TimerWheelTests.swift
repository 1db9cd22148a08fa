import Testing

@testable import GatewayEngine

@Suite struct TimerWheelTests {
  /// Against the plain meaning: a timer fires at the first turn at or after its deadline, give or take a tick.
  @Test func firesAfterTheDeadlineAndWithinATick() {
    var generator = SystemRandomNumberGenerator()
    var wheel = TimerWheel(tick: 10, slots: 16, now: 0)
    var armed: [(timer: Timer, deadline: Int64)] = []
    var now: Int64 = 0
    for _ in 0..<20_000 {
      if Int.random(in: 0..<3, using: &generator) > 0 {
        let deadline = now + Int64.random(in: 1...600, using: &generator)
        if !armed.isEmpty, Bool.random(using: &generator) {
          let index = Int.random(in: armed.indices, using: &generator)
          armed[index].deadline = deadline
          wheel.arm(armed[index].timer, deadline: deadline)
        } else if armed.count < 200 {
          let timer = Timer()
          wheel.arm(timer, deadline: deadline)
          armed.append((timer, deadline))
        }
      } else if let index = armed.indices.randomElement(using: &generator), Int.random(in: 0..<8) == 0 {
        wheel.cancel(armed.remove(at: index).timer)
      }
      now += Int64.random(in: 0...15, using: &generator)
      for timer in wheel.advance(to: now) {
        let index = armed.firstIndex { $0.timer === timer }
        #expect(index != nil, "a timer fired that was not armed")
        guard let index else { continue }
        #expect(armed[index].deadline <= now)
        armed.remove(at: index)
      }
      #expect(armed.allSatisfy { $0.deadline > now - 2 * 10 - 15 }, "a timer is late")
    }
  }
}
