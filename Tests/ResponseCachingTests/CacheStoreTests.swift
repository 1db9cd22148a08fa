import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

@Suite struct CacheStoreTests {
  private let bench = Bench()

  private func store(_ budget: Int, largestObject: Int = 65_536) -> CacheStore {
    CacheStore(
      budget: budget, largestObject: largestObject, seed: 5, caches: bench.environment.caches,
      counters: CacheCounters(bench.environment.counters))
  }

  private static func response(_ store: CacheStore, key: [UInt8], size: Int, hash: UInt64? = nil) -> CachedResponse {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    let mark = store.caches.versions.mark(domain: nothing, path: nothing, at: store.caches.versions.now)
    let job = StoreJob(
      key: key, hash: hash ?? key.withUnsafeBytes { store.hash($0) }, version: mark, forwarded: .miss,
      began: 0, room: CollectingRoom(bound: size))
    job.append(ByteBuffer(repeating: 1, count: size), limit: size)
    let terms = StoreRules.Terms(lifetime: 1000, age: 0, vary: FieldSelection())
    return CachedResponse(job, terms: terms, now: 0)
  }

  private static func find(_ store: CacheStore, _ key: [UInt8], hash: UInt64? = nil) -> CachedResponse? {
    let found = key.withUnsafeBytes { store.find(hash ?? store.hash($0), $0, FieldBlock(), now: 1) }
    if case .fresh(let response) = found { return response }
    return nil
  }

  @Test func keepsItsBudget() throws {
    let store = store(4 << 20)
    var random = SplitMix(state: 1)
    var most = 0
    for _ in 0..<20_000 {
      let key = withUnsafeBytes(of: random.next() % 5000) { Array($0) }
      store.insert(Self.response(store, key: key, size: Int(random.next() % 20_000)))
      most = max(most, store.usage.bytes)
    }
    #expect(most <= 4 << 20)
    #expect(store.usage.bytes > 2 << 20)
    #expect(
      bench.environment.counters.snapshot().contains { $0.key.name == "gatehouse_cache_evicted_total" && $0.value > 0 })
  }

  /// Equal hashes are not equal keys.
  @Test func comparesKeysInFull() {
    let store = store(4 << 20)
    let keys: [[UInt8]] = [[], [0], [0, 0], [1], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 9]]
    for (size, key) in keys.enumerated() { store.insert(Self.response(store, key: key, size: size, hash: 42)) }
    for (size, key) in keys.enumerated() {
      let body = Self.find(store, key, hash: 42).flatMap { found -> Int? in
        if case .bytes(let body) = found.reply.content { body.readableBytes } else { nil }
      }
      #expect(body == size)
    }
    #expect(Self.find(store, [9], hash: 42) == nil)
  }

  @Test func evictsTheLongestUnused() {
    // One stripe, so that there is one order of use.
    let store = store(1 << 20, largestObject: 1 << 18)
    store.insert(Self.response(store, key: [1], size: 1000))
    var number: UInt64 = 100
    while store.usage.bytes < (1 << 20) * 9 / 10 {
      store.insert(Self.response(store, key: withUnsafeBytes(of: number) { Array($0) }, size: 10_000))
      number += 1
    }
    for _ in 0..<200 {
      #expect(Self.find(store, [1]) != nil)
      store.insert(Self.response(store, key: withUnsafeBytes(of: number) { Array($0) }, size: 10_000))
      number += 1
    }
    #expect(Self.find(store, withUnsafeBytes(of: UInt64(100)) { Array($0) }) == nil)
  }

  @Test func replacesWithoutLeaking() {
    let store = store(4 << 20)
    for _ in 0..<1000 { store.insert(Self.response(store, key: [7], size: 5000)) }
    #expect(store.usage.entries == 1)
    #expect(store.usage.bytes < 100_000)
  }

  @Test func showsAndTakesOutByDomain() {
    let store = store(4 << 20)
    for number in 0..<300 {
      var key = KeyBytes()
      let domain = number < 100 ? "a.test" : "b.test"
      Array(domain.utf8).withUnsafeBytes { key.append(part: $0) }
      key.append(UInt64(number))
      store.insert(Self.response(store, key: key.withBytes { Array($0) }, size: 100))
    }
    let before = store.inspect(now: 5_000_000_000)
    #expect(before.domains.map(\.name) == ["b.test", "a.test"])
    #expect(before.domains.map(\.part.entries) == [200, 100])
    #expect(before.domains.map(\.part.ages[1]) == [200, 100])
    #expect(store.inspect(now: 0, most: 1).otherDomains == 1)
    #expect(store.inspect(now: 0, most: 1).others.entries == 100)
    let removal = store.removeAll { $0.domain.elementsEqual("b.test".utf8) }
    #expect(removal.entries == 200 && removal.bytes == before.domains[0].part.bytes)
    #expect(store.inspect(now: 0).domains.map(\.name) == ["a.test"])
    #expect(store.usage.entries == 100)
  }

  @Test func loopsMayMeet() async {
    let store = store(1 << 20)
    await withTaskGroup(of: Void.self) { group in
      for worker in UInt64(0)..<4 {
        group.addTask { @concurrent in
          var random = SplitMix(state: worker)
          for _ in 0..<3000 {
            let number = random.next() % 200
            let key = withUnsafeBytes(of: number) { Array($0) }
            if let found = Self.find(store, key) {
              #expect(found.key == key)
            } else {
              store.insert(Self.response(store, key: key, size: Int(number) * 50))
            }
          }
        }
      }
    }
    #expect(store.usage.bytes <= 1 << 20)
  }
}
