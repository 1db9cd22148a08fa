import GatewayKit
import GatewayTesting
import Testing

/// Exchanges have few slots, however many instances of a plugin there are.
@Suite struct StateSlotTests {
  @Test func instancesThatNeverMeetShareTheirSlots() throws {
    let environment = Bench().environment
    func slots(_ plugin: String, _ scope: PluginScope) -> [StateSlot] {
      let own = environment.of(plugin, for: scope)
      return [own.makeStateSlot(), own.makeStateSlot()]
    }
    let floor = slots("a", .floor)
    let others = (0..<1000).flatMap { _ in [slots("a", .domain), slots("a", .defaults)] }
    #expect(Set(others).count == 1)
    #expect(Set(floor + others[0] + slots("b", .domain) + slots("b", .floor)).count == 8)
  }
}
