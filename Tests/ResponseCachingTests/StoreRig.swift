import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore

@testable import ResponseCaching

/// A store and answers to put into it.
struct StoreRig {
  let store: CacheStore
  let counters = CounterRegistry()

  init(_ bounds: CacheBounds, seed: UInt64 = 5) {
    store = CacheStore(
      bounds: bounds, seed: seed, caches: AnswerCaches(seed: seed), counters: CacheCounters(counters))
  }

  /// A key as the filter makes it: the domain first.
  static func key(_ number: UInt64, domain: String = "a.test") -> [UInt8] {
    var key = KeyBytes()
    Array(domain.utf8).withUnsafeBytes { key.append(part: $0) }
    key.append(number)
    return key.withBytes { Array($0) }
  }

  func answer(
    _ key: [UInt8], size: Int, hash: UInt64? = nil, now: Int64 = 0, lifetime: Int64 = 1000
  ) -> CachedResponse {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var parts = CachedResponse.Parts()
    parts.body = .exactly(size)
    parts.body.writeRepeatingByte(UInt8(truncatingIfNeeded: key.last ?? 0), count: size)
    (parts.born, parts.stored, parts.expires) = (now, now, now + lifetime)
    return CachedResponse(
      key: key, hash: hash ?? self.hash(key),
      version: store.caches.versions.mark(domain: nothing, path: nothing, at: 0), parts)
  }

  func insert(_ number: UInt64, size: Int, domain: String = "a.test") {
    store.insert(answer(Self.key(number, domain: domain), size: size))
  }

  func find(_ key: [UInt8], hash: UInt64? = nil, now: Int64 = 1) -> CachedResponse? {
    let found = key.withUnsafeBytes {
      store.find(hash ?? store.hash($0), $0, FieldBlock(), now: now, for: RequestDirectives())
    }
    if case .taken(let response, _) = found { return response }
    return nil
  }

  func find(_ number: UInt64, domain: String = "a.test") -> CachedResponse? {
    find(Self.key(number, domain: domain))
  }

  func part(of domain: String) -> CacheInspection.Part {
    store.inspect(now: 0).domains.first { $0.name == domain }?.part ?? .init()
  }

  func counted(_ name: String, _ labels: String = "") -> UInt64 {
    counters.snapshot().first { $0.key.name == name && $0.key.labels == labels }?.value ?? 0
  }

  private func hash(_ key: [UInt8]) -> UInt64 { key.withUnsafeBytes { store.hash($0) } }
}

extension CachedResponse {
  var bodySize: Int? {
    if case .bytes(let body) = reply.content { body.readableBytes } else { nil }
  }
}
