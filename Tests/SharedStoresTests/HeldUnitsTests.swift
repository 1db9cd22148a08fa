import GatewayKit
import GatewayTesting
import SharedStores
import Testing

@Suite struct HeldUnitsTests {
  private func key(_ number: UInt64) -> LimitKey { LimitKey(high: number, low: number) }

  @Test func isForgottenWhenNothingIsHeld() {
    var held = HeldUnits()
    _ = held.sending(key(1))
    held.answered(key(1), taken: 0)
    #expect(held.count == 0)
    _ = held.sending(key(1))
    held.answered(key(1), taken: 3)
    held.changed(key(1), by: -2)
    #expect(held.count == 1)
    held.changed(key(1), by: -1)
    held.changed(key(1), by: -1)
    #expect(held.count == 0 && !held.isDue(now: .max))
  }

  /// How much is said only when it is known: a take may have been counted already.
  @Test func saysHowMuchUnlessTakesAreOnTheirWay() {
    var held = HeldUnits()
    _ = held.sending(key(1))
    held.answered(key(1), taken: 3)
    #expect(held.isDue(now: 0))
    #expect(held.due(now: 0).map(\.units) == [3])
    #expect(!held.isDue(now: HeldUnits.interval - 1) && held.due(now: HeldUnits.interval - 1).isEmpty)
    _ = held.sending(key(1))
    #expect(held.due(now: HeldUnits.interval).map(\.units) == [-1])
    held.answered(key(1), taken: 2)
    held.repeatAll()
    #expect(held.due(now: HeldUnits.interval + 1).map(\.units) == [5])
  }

  @Test func saysALittleAtATime() {
    var held = HeldUnits()
    for number in 0..<UInt64(300) { held.answered(key(number), taken: 1) }
    var said: Set<LimitKey> = []
    for wanted in [128, 128, 44, 0] {
      let changes = held.due(now: 5)
      #expect(changes.count == wanted)
      said.formUnion(changes.map(\.key))
    }
    #expect(said.count == 300)
  }

  /// However many there are: a round that takes long is not begun anew before it is through.
  @Test func everyOneIsSaidInTime() {
    var (held, now) = (HeldUnits(), Int64(0))
    for number in 0..<UInt64(40_000) { held.answered(key(number), taken: 1) }
    var said: [LimitKey: Int64] = [:]
    while now < 3 * HeldUnits.interval {
      // As often as a loop that nobody asks does it.
      now += 100_000_000
      for change in held.due(now: now, most: 600) {
        if let last = said[change.key] { #expect(now - last < HeldUnits.life) }
        said[change.key] = now
      }
    }
    #expect(said.count == 40_000)
  }

  /// An answer was lost: the server may count units that nobody holds. That is said before the next take, after which it
  /// may never be known again, and also when there is none.
  @Test func whatIsInDoubtIsSaid() {
    var held = HeldUnits()
    for number in 1...3 as ClosedRange<UInt64> { _ = held.sending(key(number)) }
    held.answered(key(1), taken: 2)
    for number in 2...3 as ClosedRange<UInt64> { held.lost(key(number)) }
    held.repeatAll()
    let first = [held.sending(key(1)), held.sending(key(2))]
    #expect(first.map { $0?.units } == [2, 0])
    let second = held.sending(key(2))
    #expect(second == nil)
    #expect(held.due(now: 0).map(\.units).sorted() == [-1, -1, 0])
    #expect(held.count == 2)
    held.doubt(key(1))
    let whileOnItsWay = held.sending(key(1))
    #expect(whileOnItsWay == nil)
  }

  @Test func extremesDoNotTrap() {
    var held = HeldUnits()
    held.lost(key(1))
    held.doubt(key(1))
    for units in [Int64.max >> 1, Int64.max >> 1, -(Int64.max >> 1)] { held.changed(key(1), by: units) }
    held.answered(key(2), taken: 0)
    // What the server may count is still to be said.
    #expect(held.due(now: 0).map(\.units) == [0] && held.count == 0)
  }
}
