import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

@Suite struct CacheStoreTests {
  /// Equal hashes are not equal keys.
  @Test func comparesKeysInFull() {
    let rig = StoreRig(CacheBounds(size: 4 << 20))
    let keys: [[UInt8]] = [
      [0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
      [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 9],
    ]
    for (size, key) in keys.enumerated() { rig.store.insert(rig.answer(key, size: size, hash: 42)) }
    for (size, key) in keys.enumerated() { #expect(rig.find(key, hash: 42)?.bodySize == size) }
    #expect(rig.find([9], hash: 42) == nil)
    #expect(rig.find([], hash: 42) == nil)
  }

  @Test func replacesWithoutLeaking() {
    let rig = StoreRig(CacheBounds(size: 4 << 20))
    rig.insert(7, size: 5000)
    let once = rig.store.usage.bytes
    for _ in 0..<1000 { rig.insert(7, size: 5000) }
    #expect(rig.store.usage.entries == 1)
    #expect(rig.store.usage.bytes == once)
  }

  @Test func whatIsAskedForOutlivesAScan() {
    let rig = StoreRig(CacheBounds(size: 2 << 20))
    for number in UInt64(0)..<200 { rig.insert(number, size: 1000) }
    for _ in 0..<4 { for number in UInt64(0)..<200 { _ = rig.find(number) } }
    for number in UInt64(1000)..<20_000 { rig.insert(number, size: 1000) }
    let left = (UInt64(0)..<200).count { rig.find($0) != nil }
    #expect(left >= 190, "\(left) of 200")
    #expect(rig.counted("gatehouse_cache_rejected_total", "reason=\"unpopular\"") > 10_000)
  }

  /// What takes the room of many must be asked for more often than each of them, and when it is, it stays.
  @Test(arguments: [(asked: 4, stay: 0..<20), (asked: 15, stay: 80..<101)])
  func whatIsLargeMustBeAskedForMoreOften(asked: Int, stay: Range<Int>) {
    let rig = StoreRig(CacheBounds(size: 4 << 20))
    for number in UInt64(0)..<10_000 where rig.find(number) == nil { rig.insert(number, size: 500) }
    for number in UInt64(0)..<10_000 { _ = rig.find(number) }
    for large in UInt64(20_000)..<20_100 {
      rig.insert(large, size: 8000)
      for _ in 0..<asked { _ = rig.find(large) }
    }
    // The last ones leave their windows.
    for number in UInt64(30_000)..<32_000 { rig.insert(number, size: 500) }
    let left = (UInt64(20_000)..<20_100).count { rig.find($0) != nil }
    #expect(stay.contains(left), "\(left) of 100")
  }

  @Test func whatCannotBeKeptIsCounted() {
    let rig = StoreRig(CacheBounds(size: 4 << 20, domain: 10))
    rig.insert(1, size: 500_000)
    #expect(rig.store.usage.entries == 0)
    #expect(rig.counted("gatehouse_cache_rejected_total", "reason=\"size\"") == 1)
    #expect(rig.counted("gatehouse_cache_stored_total") == 0)
  }

  /// An answer for which there is no room takes the place of the one that it replaces all the same: that is no longer so.
  @Test func whatIsTooLargeEndsWhatItReplaces() {
    let rig = StoreRig(CacheBounds(size: 4 << 20, domain: 10))
    rig.insert(1, size: 500)
    rig.insert(1, size: 500_000)
    #expect(rig.find(1) == nil)
  }

  @Test func aLargeAnswerFindsRoomAmongSmallOnes() {
    let rig = StoreRig(CacheBounds(size: 8 << 20))
    for number in UInt64(0)..<30_000 { rig.insert(number, size: 10) }
    rig.insert(100_000, size: 1 << 20)
    #expect(rig.find(100_000)?.bodySize == 1 << 20)
    #expect(rig.store.usage.bytes <= 8 << 20)
  }

  @Test func otherBoundsArePutIntoEffectStepByStep() {
    let rig = StoreRig(CacheBounds(size: 16 << 20, domain: 100))
    for number in UInt64(0)..<20_000 { rig.insert(number, size: 400) }
    rig.store.adopt(CacheBounds(size: 8 << 20, domain: 100))
    for number in UInt64(20_000)..<24_000 { rig.insert(number, size: 400) }
    #expect(rig.store.usage.bytes <= 8 << 20)
    #expect(rig.store.usage.entries > 5000)
  }

  @Test func showsAndTakesOutByDomain() {
    let rig = StoreRig(CacheBounds(size: 4 << 20))
    for number in UInt64(0)..<300 { rig.insert(number, size: 100, domain: number < 100 ? "a.test" : "b.test") }
    for _ in 0..<3 { #expect(rig.find(5) != nil) }
    rig.store.countMiss(of: DomainFacts(name: "b.test"))
    let before = rig.store.inspect(now: 5_000_000_000)
    #expect(before.domains.map(\.name) == ["b.test", "a.test"])
    #expect(before.domains.map(\.part.entries) == [200, 100])
    #expect(before.domains.map(\.part.ages[1]) == [200, 100])
    #expect(before.domains.map(\.part.uses.hits) == [0, 3])
    #expect(before.domains.map(\.part.uses.misses) == [1, 0])
    #expect(rig.store.inspect(now: 0, most: 1).otherDomains == 1)
    #expect(rig.store.inspect(now: 0, most: 1).others.entries == 100)
    let removal = rig.store.removeAll { $0.domain.elementsEqual("a.test".utf8) }
    #expect(removal.entries == 100 && removal.bytes == before.domains[1].part.bytes)
    #expect(rig.part(of: "a.test").entries == 0)
    #expect(rig.part(of: "a.test").uses.hits == 3, "figures outlive what they were about")
    #expect(rig.store.usage.entries == 200)
  }

  @Test func loopsMayMeet() async {
    let rig = StoreRig(CacheBounds(size: 1 << 20))
    await withTaskGroup(of: Void.self) { group in
      for worker in UInt64(0)..<4 {
        group.addTask { @concurrent in
          var random = SplitMix(state: worker)
          for step in 0..<3000 {
            let number = random.next() % 300
            let key = StoreRig.key(number, domain: "\(number % 5).test")
            if let found = rig.find(key) {
              #expect(found.key.elementsEqual(key))
            } else {
              rig.store.insert(rig.answer(key, size: Int(number) * 50))
            }
            if step % 500 == 0 { _ = rig.store.removeAll { $0.key.last == UInt8(worker) } }
          }
        }
      }
    }
    #expect(rig.store.usage.bytes <= 1 << 20)
    let inspected = rig.store.inspect(now: 0).domains.reduce(0) { $0 + $1.part.entries }
    #expect(inspected == rig.store.usage.entries)
  }
}
