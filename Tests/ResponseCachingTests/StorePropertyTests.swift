import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import ResponseCaching

/// Sequences of operations by chance, against a model that knows what was kept last under each key.
@Suite struct StorePropertyTests {
  private struct Kept {
    var size: Int
    var expires: Int64
  }

  private static let domains = ["a.test", "b.test", "c.test", "d.test"]

  @Test(arguments: UInt64(1)...12)
  func anAnswerIsTheLastOneOfItsKey(seed: UInt64) {
    var random = SplitMix(state: seed)
    let bounds = CacheBounds(size: (1 << 20) << Int(seed % 3), domain: [25, 50, 100][Int(seed / 4) % 3])
    let rig = StoreRig(bounds, seed: seed)
    var model: [[UInt8]: Kept] = [:]
    var now: Int64 = 0
    for step in 0..<8000 {
      now += Int64(random.next() % 3)
      let key = StoreRig.key(random.next() % 2000, domain: Self.domains[Int(random.next() % 4)])
      // Every eighth key shares its hash with others.
      let hash = key[key.count - 8] & 7 == 0 ? UInt64(42) : nil
      switch random.next() % 16 {
      case 0..<9:
        let size = Int(random.next() % (random.next() % 8 == 0 ? 60_000 : 600))
        let lifetime = Int64(random.next() % 4000)
        rig.store.insert(rig.answer(key, size: size, hash: hash, now: now, lifetime: lifetime))
        model[key] = Kept(size: size, expires: now + lifetime)
      case 9..<15:
        guard let found = rig.find(key, hash: hash, now: now) else { break }
        #expect(found.key.elementsEqual(key))
        #expect(found.bodySize == model[key]?.size)
        #expect(now < model[key]?.expires ?? 0)
      default:
        guard step % 50 == 0 else { break }
        let digit = UInt8(random.next() % 16)
        _ = rig.store.removeAll { $0.key[$0.key.startIndex + 10] & 15 == digit }
        for key in model.keys where key[10] & 15 == digit { model[key] = nil }
      }
      #expect(rig.store.usage.bytes <= bounds.size)
    }
    check(rig, model, bounds)
  }

  /// The figures add up, and nothing is left when all is taken out.
  private func check(_ rig: StoreRig, _ model: [[UInt8]: Kept], _ bounds: CacheBounds) {
    let inspection = rig.store.inspect(now: 0)
    #expect(inspection.domains.reduce(0) { $0 + $1.part.entries } == rig.store.usage.entries)
    #expect(rig.store.usage.entries <= model.count)
    #expect(rig.store.usage.entries > 100)
    let before = rig.store.usage.bytes
    let removal = rig.store.removeAll { _ in true }
    #expect(removal.entries == inspection.domains.reduce(0) { $0 + $1.part.entries })
    #expect(removal.bytes == inspection.domains.reduce(0) { $0 + $1.part.bytes })
    #expect(rig.store.usage.bytes == before - removal.bytes)
    #expect(rig.store.usage.entries == 0)
    #expect(rig.store.usage.bytes < bounds.size / 4, "tables remain")
  }
}
