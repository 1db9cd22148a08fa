import GatewayKit
import HTTPWire
import NIOCore
import ResponseCaching

/// The gateway's own store, with answers by number.
final class RealStore: Sendable {
  let store: CacheStore
  private let domain: [UInt8] = Array("example.com".utf8)
  private let fields = ByteBuffer(
    string: "Content-Type: application/json\r\nDate: Fri, 27 Nov 2026 08:36:55 GMT\r\nETag: \"0123456789abcdef\"\r\n")

  init(size: Int) {
    store = CacheStore(
      bounds: CacheBounds(size: size, domain: 100), seed: 42, caches: AnswerCaches(seed: 42),
      counters: CacheCounters(CounterRegistry()))
  }

  /// A key in the form and of the length that the filter makes.
  func fill(_ key: inout KeyBytes, _ object: Int) {
    key.reset()
    domain.withUnsafeBytes { key.append(part: $0) }
    for _ in 0..<8 { key.append(0 as UInt64) }
    key.append(UInt64(object))
    key.append(UInt64(object) &* 0x9E37_79B9_7F4A_7C15)
  }

  func answer(_ key: borrowing KeyBytes, size: Int) -> CachedResponse {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var parts = CachedResponse.Parts()
    parts.fields = fields
    parts.body.writeRepeatingByte(120, count: size)
    parts.expires = .max
    return key.withBytes { bytes in
      CachedResponse(
        key: Array(bytes), hash: store.hash(bytes),
        version: store.caches.versions.mark(domain: nothing, path: nothing, at: 0), parts)
    }
  }

  /// Whether the answer was there; it is put there when it was not.
  func ask(_ object: Int, _ key: inout KeyBytes, size: Int) -> Bool {
    fill(&key, object)
    if isThere(key) { return true }
    store.insert(answer(key, size: size))
    return false
  }

  func isThere(_ key: borrowing KeyBytes) -> Bool {
    key.withBytes { store.has($0, now: 1) }
  }
}
