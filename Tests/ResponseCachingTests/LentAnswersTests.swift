import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// What was dropped and is still read counts until nobody reads it.
@Suite struct LentAnswersTests {
  private static let size = 64 << 10

  /// What a client that takes its answer slowly holds of it: a part, which keeps all of it in memory.
  private func read(_ rig: StoreRig, _ number: UInt64, domain: String = "a.test") -> ByteBuffer? {
    guard let found = rig.find(number, domain: domain), case .bytes(let body) = found.reply.content else { return nil }
    return body.getSlice(at: 10, length: 100)
  }

  private func insert(_ rig: StoreRig, _ number: UInt64, domain: String = "a.test", size: Int = size) -> Bool {
    rig.store.insert(rig.answer(StoreRig.key(number, domain: domain), size: size))
  }

  @Test func whatIsReadCountsWhenItIsDropped() {
    let rig = StoreRig(CacheBounds(size: 4 << 20, domain: 100))
    let empty = rig.store.usage.bytes
    for number: UInt64 in 0..<4 { #expect(insert(rig, number)) }
    #expect(insert(rig, 9, size: 1000))
    let full = rig.store.usage.bytes
    var readers = [read(rig, 0), read(rig, 1), read(rig, 1), read(rig, 9)]
    #expect(!readers.contains(nil) && rig.store.lentBytes == 0 && rig.store.usage.bytes == full)
    #expect(rig.store.removeAll { _ in true }.entries == 5)
    // Two bodies, however many read one; the small one was copied when it was sent.
    let lent = rig.store.lentBytes
    #expect(lent > 2 * Self.size && lent < 2 * Self.size + 10_000)
    #expect(rig.store.usage.bytes >= empty + lent)
    readers.removeSubrange(0...1)
    #expect(rig.store.lentBytes > Self.size && rig.store.lentBytes < lent)
    readers.removeAll()
    #expect(rig.store.lentBytes == 0 && rig.store.usage.bytes < full - 4 * Self.size)
  }

  /// However an answer goes.
  @Test func replacedAndWithdrawn() throws {
    let rig = StoreRig(CacheBounds(size: 4 << 20, domain: 100))
    #expect(insert(rig, 1) && insert(rig, 2))
    let readers = [read(rig, 1), read(rig, 2)]
    #expect(insert(rig, 1) && rig.store.lentBytes > Self.size)
    rig.store.remove(try #require(rig.find(2)))
    #expect(rig.store.lentBytes > 2 * Self.size)
    withExtendedLifetime(readers) {}
    // Nobody reads the new one.
    let before = rig.store.lentBytes
    #expect(rig.store.removeAll { _ in true }.entries == 1 && rig.store.lentBytes <= before)
  }

  /// As many slow readers of as many answers as there may be hold no more than the bound, and what they do not hold can be
  /// used.
  @Test func manySlowReadersAreBounded() {
    let bound = 8 << 20
    let rig = StoreRig(CacheBounds(size: bound, domain: 100))
    var readers: [ByteBuffer] = []
    var refused = 0
    for number: UInt64 in 0..<1000 {
      if insert(rig, number) { readers += [read(rig, number)].compactMap(\.self) } else { refused += 1 }
      if number % 7 == 0 { _ = rig.store.removeAll { _ in true } }
      #expect(rig.store.usage.bytes <= bound)
    }
    #expect(readers.count * Self.size <= bound && readers.count > 100 && refused > 800)
    #expect(rig.counted("gatehouse_cache_rejected_total", "reason=\"room\"") == UInt64(refused))
    readers.removeAll()
    for number: UInt64 in 2000..<2050 { #expect(insert(rig, number)) }
    #expect(rig.store.lentBytes == 0 && rig.store.usage.entries >= 50)
  }

  /// Room is not looked for at the cost of everything: what is dropped and still read makes none.
  @Test func aRefusedAnswerCostsFewOthers() {
    let rig = StoreRig(CacheBounds(size: 8 << 20, domain: 100))
    var readers: [ByteBuffer] = []
    var number: UInt64 = 0
    while insert(rig, number), rig.counted("gatehouse_cache_evicted_total") == 0, number < 200 {
      readers += [read(rig, number)].compactMap(\.self)
      number += 1
    }
    let before = rig.store.usage.entries
    for number: UInt64 in 1000..<1010 { _ = insert(rig, number) }
    #expect(before - rig.store.usage.entries <= 30 && rig.store.usage.entries > 80)
    withExtendedLifetime(readers) {}
  }

  /// One domain's slow readers take what is its part, and leave others theirs.
  @Test func ofADomainTheyTakeItsPart() {
    let rig = StoreRig(CacheBounds(size: 8 << 20, domain: 50))
    for number: UInt64 in 0..<40 { #expect(insert(rig, number, domain: "quiet.test")) }
    var readers: [ByteBuffer] = []
    for number: UInt64 in 0..<1000 {
      if insert(rig, number, domain: "slow.test") {
        readers += [read(rig, number, domain: "slow.test")].compactMap(\.self)
      }
      if number % 7 == 0 { _ = rig.store.removeAll { $0.domain.elementsEqual("slow.test".utf8) } }
    }
    #expect(rig.part(of: "quiet.test").entries == 40)
    #expect(readers.count * Self.size > 2 << 20 && readers.count * Self.size <= 4 << 20)
    // Others get their part, also who comes later.
    for number: UInt64 in 0..<40 { #expect(insert(rig, number, domain: "late.test")) }
    #expect(rig.part(of: "late.test").entries + rig.part(of: "quiet.test").entries >= 45)
    readers.removeAll()
    for number: UInt64 in 2000..<2010 { #expect(insert(rig, number, domain: "slow.test")) }
  }

  /// A body that goes from one answer to the next, as validation does it, is kept all the time.
  @Test func bodiesThatStay() throws {
    let cache = try CacheHarness(["respect": .text("origin"), "share": .text("domain")])
    let body = String(repeating: "x", count: Self.size)
    func get() throws -> Exchange { try cache.bench.exchange() }
    _ = try cache.run(get(), fields: ["Cache-Control: max-age=10", "ETag: \"1\""], body: body)
    let reader = try cache.run(get())
    let exchange = try get()
    guard case .reply(let reply) = cache.filter.lookup(exchange) else { Issue.record("no hit"); return }
    cache.seconds(11)
    #expect(try cache.run(get(), status: 304).fields.contains("stored"))
    #expect(cache.store.lentBytes == 0)
    // It was dropped while the origin was asked.
    cache.seconds(11)
    let late = try get()
    #expect(cache.begin(late) == nil)
    let kept = try #require(late[cache.filter.slot] as? StoreJob).validated?.response
    cache.store.remove(try #require(kept))
    #expect(cache.store.lentBytes > Self.size)
    #expect(try cache.head(late, fields: [], status: 304)?.fields.contains("stored") == true)
    #expect(cache.store.lentBytes == 0 && cache.store.usage.entries == 1)
    #expect(cache.store.removeAll { _ in true }.entries == 1 && cache.store.lentBytes > Self.size)
    withExtendedLifetime((reader, reply)) {}
  }
}
