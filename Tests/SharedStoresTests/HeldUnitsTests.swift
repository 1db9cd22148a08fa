import GatewayKit
import GatewayTesting
import SharedStores
import Testing

@Suite struct HeldUnitsTests {
  private func key(_ number: UInt64) -> LimitKey { LimitKey(high: number, low: number) }

  @Test func isForgottenWhenNothingIsHeld() {
    var held = HeldUnits()
    held.sent(key(1))
    held.answered(key(1), taken: 0)
    #expect(held.count == 0)
    held.sent(key(1))
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
    held.sent(key(1))
    held.answered(key(1), taken: 3)
    #expect(held.isDue(now: 0))
    #expect(held.due(now: 0).map(\.units) == [3])
    #expect(!held.isDue(now: HeldUnits.interval - 1) && held.due(now: HeldUnits.interval - 1).isEmpty)
    held.sent(key(1))
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

  @Test func extremesDoNotTrap() {
    var held = HeldUnits()
    for units in [Int64.max >> 1, Int64.max >> 1, -(Int64.max >> 1)] { held.changed(key(1), by: units) }
    held.answered(key(2), taken: 0)
    #expect(held.count == 0)
  }
}
