package import GatewayKit
import HTTPWire
package import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An answer as it is kept: ready to be given, with what decides to whom and for how long.
///
/// Its key, the request's values, the fields and a small body stand in one piece of memory, and the buffers of the reply
/// are slices of it: a hit copies nothing, and a small answer takes few allocations.
package final class CachedResponse: Sendable {
  /// What an answer is made of.
  package struct Parts {
    package var status: UInt16 = 200
    package var fields = ByteBuffer()
    package var body = ByteBuffer()
    var notModifiedFields: ByteBuffer?
    var validators = Validators()
    var vary = FieldSelection()
    var varyValues: [UInt8] = []
    var allowsStale = false
    var grace = StaleGrace()
    var isRevalidated = false
    /// Monotonic nanoseconds, as in ``CachedResponse``.
    package var born: Int64 = 0
    package var expires: Int64 = 0
    package var stored: Int64 = 0

    package init() {}
  }

  package let hash: UInt64
  let vary: FieldSelection
  let reply: Reply
  /// What is said to who has it already; nil when conditions are not judged here.
  let notModified: Reply?
  let validators: Validators
  /// Monotonic nanoseconds at which the response was no time old.
  let born: Int64
  /// Monotonic nanoseconds from which it is stale.
  let expires: Int64
  /// Monotonic nanoseconds at which it was kept.
  let stored: Int64
  /// Whether it may be given to who takes a stale one.
  let allowsStale: Bool
  /// For how long it may be given when it is stale.
  let grace: StaleGrace
  /// Whether the origin is asked about it when it is stale.
  let isRevalidated: Bool
  /// Whether there was a time at which it could be used without the origin's word.
  let wasFresh: Bool
  /// What it is about, and when its request began.
  let version: AnswerVersions.Mark
  /// Bytes that it takes up, but for its place in the table.
  package let cost: Int
  private let packed: ByteBuffer
  private let keyLength: Int32
  private let valuesLength: Int32

  /// Bodies above this keep their own memory: copying them would cost more than it saves.
  private static let largestPacked = 4096
  /// The object itself.
  private static let ownBytes = HeapBytes.of(200)

  /// - Parameters:
  ///   - key: the whole key; its first part is the domain's name.
  ///   - version: the path's when the request began.
  package init(key: [UInt8], hash: UInt64, version: AnswerVersions.Mark, _ parts: Parts) {
    let isBodyPacked = parts.body.readableBytes <= Self.largestPacked
    var packing = Packing(
      key.count + parts.varyValues.count + parts.fields.readableBytes + (parts.notModifiedFields?.readableBytes ?? 0)
        + (isBodyPacked ? parts.body.readableBytes : 0))
    packing.add(key)
    packing.add(parts.varyValues)
    let fields = packing.add(parts.fields)
    let notModifiedFields = parts.notModifiedFields.map { packing.add($0) }
    // Last, since a slice cannot begin at any place.
    let body = isBodyPacked ? packing.add(parts.body) : nil
    packed = packing.bytes
    (keyLength, valuesLength) = (Int32(clamping: key.count), Int32(clamping: parts.varyValues.count))
    self.hash = hash
    self.version = version
    vary = parts.vary
    reply = Reply(
      status: parts.status, fields: packed.slice(fields), body: body.map(packed.slice) ?? parts.body, hasDate: true)
    notModified = notModifiedFields.map {
      Reply(status: 304, fields: packing.bytes.slice($0), body: ByteBuffer(), hasDate: true)
    }
    validators = parts.validators
    (born, expires, stored) = (parts.born, parts.expires, parts.stored)
    allowsStale = parts.allowsStale
    (grace, isRevalidated, wasFresh) = (parts.grace, parts.isRevalidated, parts.expires > parts.stored)
    cost =
      Self.ownBytes + HeapBytes.reply * (parts.notModifiedFields == nil ? 1 : 2) + HeapBytes.buffer(packed)
      + (isBodyPacked ? 0 : HeapBytes.buffer(parts.body)) + HeapBytes.array(parts.validators.tag.count)
      + parts.vary.heapBytes + (version.tags.isEmpty ? 0 : HeapBytes.array(version.tags.count * 8))
  }

  convenience init(_ job: StoreJob, terms: StoreRules.Terms, now: Int64) {
    var parts = Parts()
    parts.status = terms.status
    (parts.fields, parts.body, parts.notModifiedFields) = (job.fields, job.body, job.notModifiedFields)
    parts.validators = terms.validators
    (parts.vary, parts.varyValues) = (terms.vary, job.varyValues)
    parts.allowsStale = terms.allowsStale
    (parts.grace, parts.isRevalidated) = (terms.grace, terms.isRevalidated)
    (parts.born, parts.expires, parts.stored) = (now &- terms.age, now &+ terms.lifetime, now)
    self.init(key: job.key, hash: job.hash, version: job.version, parts)
  }
}

// MARK: - What stands in the packed bytes

extension CachedResponse {
  /// The whole key.
  package var key: ByteBufferView { packed.slice(0..<Int(keyLength)).readableBytesView }

  /// The name of the domain whose answer it is: the first part of the key.
  package var domain: ByteBufferView {
    let length = packed.getInteger(at: 0, endianness: .host, as: UInt32.self).map { Int($0) } ?? 0
    return packed.slice(4..<min(4 + length, Int(keyLength))).readableBytesView
  }

  /// What the request said under the names of ``vary``.
  var varyValues: ByteBufferView {
    packed.slice(Int(keyLength)..<Int(keyLength) + Int(valuesLength)).readableBytesView
  }

  func hasKey(_ other: UnsafeRawBufferPointer) -> Bool { isEqual(0..<Int(keyLength), other) }

  /// Whether the request said the same under the names of ``vary``.
  func hasValues(_ other: UnsafeRawBufferPointer) -> Bool {
    isEqual(Int(keyLength)..<Int(keyLength) + Int(valuesLength), other)
  }

  /// Whether both are answers to the same key; in full, since hashes may be equal by chance or by malice.
  func hasKey(of other: CachedResponse) -> Bool {
    hash == other.hash && other.withPacked(0..<Int(other.keyLength)) { hasKey($0) }
  }

  func hasValues(of other: CachedResponse) -> Bool {
    other.withPacked(Int(other.keyLength)..<Int(other.keyLength) + Int(other.valuesLength)) { hasValues($0) }
  }

  /// The body where it has memory of its own.
  var ownBody: ByteBuffer? {
    guard case .bytes(let body) = reply.content, body.readableBytes > Self.largestPacked else { return nil }
    return body
  }

  /// Whether it is kept when it is stale.
  var isOfUseStale: Bool { allowsStale || isRevalidated || grace.longest > 0 }

  /// Nobody gets it any more.
  func isWorthless(now: Int64, _ versions: AnswerVersions) -> Bool {
    (expires <= now && !isOfUseStale) || !versions.isCurrent(version)
  }

  private func isEqual(_ range: Range<Int>, _ other: UnsafeRawBufferPointer) -> Bool {
    withPacked(range) { own in
      guard own.count == other.count, let a = own.baseAddress, let b = other.baseAddress else {
        return own.count == other.count
      }
      return memcmp(a, b, own.count) == 0
    }
  }

  private func withPacked<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    packed.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}

/// Puts pieces into one buffer of just their size.
private struct Packing {
  private(set) var bytes: ByteBuffer

  init(_ size: Int) { bytes = .exactly(size) }

  mutating func add(_ piece: [UInt8]) { bytes.writeBytes(piece) }

  mutating func add(_ piece: ByteBuffer) -> Range<Int> {
    let start = bytes.writerIndex
    bytes.writeImmutableBuffer(piece)
    return start..<bytes.writerIndex
  }
}

extension ByteBuffer {
  /// The bytes in a range of which it is known that it is there.
  fileprivate func slice(_ range: Range<Int>) -> ByteBuffer {
    range.isEmpty ? ByteBuffer() : getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
  }
}
