import GatewayKit
import GatewayTesting
import Testing

@testable import ResponseCaching

/// One domain does not push out the others.
@Suite struct DomainShareTests {
  private static let size = 8 << 20
  private let rig = StoreRig(CacheBounds(size: size, domain: 50))

  @Test func aDomainAloneMayHaveEverything() {
    for number in UInt64(0)..<20_000 { rig.insert(number, size: 1000, domain: "busy.test") }
    #expect(rig.part(of: "busy.test").bytes > Self.size * 85 / 100)
  }

  /// The others have a half that it cannot take, however often it asks for its own, and with answers of whatever size.
  @Test(arguments: [10, 1000, 200_000])
  func aHostileDomainGetsNoMoreThanItsShare(size: Int) {
    for number in UInt64(0)..<2200 { rig.insert(number, size: 800, domain: "quiet.test") }
    let before = rig.part(of: "quiet.test")
    #expect(before.bytes < Self.size * 37 / 100)
    for round in UInt64(0)..<2 {
      for number in UInt64(0)..<UInt64(size < 100_000 ? 14_000 : 200) {
        rig.insert(round << 32 | number, size: size, domain: "hostile.test")
        for _ in 0..<3 { _ = rig.find(round << 32 | number, domain: "hostile.test") }
      }
    }
    #expect(rig.part(of: "quiet.test").entries == before.entries)
    #expect(rig.part(of: "hostile.test").bytes > Self.size * 40 / 100)
  }

  /// Who had more than its share while nobody else wanted it gives way, though its answers are asked for more often.
  @Test func whoComesLaterGetsRoom() {
    for number in UInt64(0)..<20_000 {
      rig.insert(number, size: 1000, domain: "first.test")
      for _ in 0..<3 { _ = rig.find(number, domain: "first.test") }
    }
    for number in UInt64(0)..<2000 { rig.insert(number, size: 1000, domain: "later.test") }
    #expect(rig.part(of: "later.test").entries == 2000)
  }

  /// Many small domains share what there is; none of them is above its share.
  @Test func manyDomainsMeetByChance() {
    for number in UInt64(0)..<60_000 { rig.insert(number, size: 300, domain: "\(number % 50).test") }
    #expect(rig.store.usage.bytes <= Self.size)
    let entries = rig.store.inspect(now: 0).domains.map(\.part.entries)
    #expect(entries.count == 50)
    #expect((entries.min() ?? 0) * 4 > entries.max() ?? 0, "\(entries)")
  }
}
