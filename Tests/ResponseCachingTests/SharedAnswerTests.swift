import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// What is written to a store that gateways share, and what is read of it.
@Suite struct SharedAnswerTests {
  private static let secret = Secret(Array("a secret of 32 bytes or even more".utf8))
  private static let now = SharedAnswer.Moment(monotonic: 5_000_000_000, wall: 1_800_000_000_000_000_000)
  private let sealer = AnswerSealer(Self.secret)
  private let name = Array("0123".utf8)

  private static func parts() -> CachedResponse.Parts {
    var parts = CachedResponse.Parts()
    parts.status = 404
    parts.fields = ByteBuffer(string: "ETag: W/\"1\"\r\nDate: x\r\n")
    parts.body = ByteBuffer(string: "body")
    parts.notModifiedFields = ByteBuffer(string: "ETag: W/\"1\"\r\n")
    parts.validators.tag = Array("W/\"1\"".utf8)
    (parts.validators.lastModified, parts.validators.date) = (7, 9)
    parts.vary = FieldSelection(["accept-encoding", "x-other"])
    parts.varyValues = [1, 2, 3]
    (parts.allowsStale, parts.isRevalidated) = (true, true)
    parts.grace = StaleGrace(onError: 11, whileAsking: 12)
    (parts.born, parts.stored, parts.expires) = (now.monotonic - 3, now.monotonic, now.monotonic + 100)
    return parts
  }

  private static func response(_ parts: CachedResponse.Parts = parts(), tags: [UInt64] = [1, .max]) -> CachedResponse {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var mark = AnswerVersions(seed: 1).mark(domain: nothing, path: nothing, at: 0)
    for tag in tags { mark.add(tag: tag) }
    return CachedResponse(key: StoreRig.key(1), hash: 1, version: mark, parts)
  }

  private static func written(_ response: CachedResponse = response()) -> ByteBuffer {
    var out = ByteBuffer()
    SharedAnswer.write(response, at: now, into: &out)
    return out
  }

  /// Another clock, which says something else of the same time.
  private static func later(_ nanoseconds: Int64) -> SharedAnswer.Moment {
    SharedAnswer.Moment(monotonic: 77 + nanoseconds, wall: now.wall + nanoseconds)
  }

  @Test func readsWhatItWrites() throws {
    let answer = try #require(SharedAnswer(Self.written(), at: Self.later(10)))
    #expect(Array(answer.key.readableBytesView) == StoreRig.key(1) && answer.tags == [1, .max])
    guard case .answer(let read) = answer.content else { throw Bench.IncompleteHead() }
    let parts = Self.parts()
    #expect(read.status == 404 && read.fields == parts.fields && read.body == parts.body)
    #expect(read.notModifiedFields == parts.notModifiedFields && read.validators == parts.validators)
    #expect(read.vary == parts.vary && read.varyValues == parts.varyValues && read.grace == parts.grace)
    #expect(read.allowsStale && read.isRevalidated)
    // 13 ns old, and fresh for 90 more.
    #expect(read.born == 87 - 13 && read.expires == 87 + 90 && read.stored == 87)
  }

  @Test func readsWhatAnswersVaryBy() throws {
    var out = ByteBuffer()
    SharedAnswer.writeNames(of: Self.response(), into: &out)
    let answer = try #require(SharedAnswer(out, at: Self.now))
    guard case .varies(let names) = answer.content else { throw Bench.IncompleteHead() }
    #expect(names == FieldSelection(["accept-encoding", "x-other"]))
  }

  @Test func freshnessGoesByTheWallClock() throws {
    #expect(SharedAnswer(Self.written(), at: Self.later(99)) != nil)
    #expect(SharedAnswer(Self.written(), at: Self.later(100)) == nil)
    // A clock that is behind makes nothing fresh for longer.
    let early = try #require(SharedAnswer(Self.written(), at: Self.later(-50)))
    guard case .answer(let parts) = early.content else { throw Bench.IncompleteHead() }
    #expect(parts.born == 27 && parts.expires == 27 + 103)
  }

  /// Each prefix, each byte with each bit changed, and chance: read as nothing or as something, never with a trap, and
  /// never past the end.
  @Test func anyBytesCanBeRead() {
    let whole = Array(Self.written().readableBytesView)
    for length in 0..<whole.count { #expect(SharedAnswer(ByteBuffer(bytes: whole[..<length]), at: Self.now) == nil) }
    #expect(SharedAnswer(ByteBuffer(bytes: whole + [0]), at: Self.now) == nil)
    var random = SplitMix(state: 3)
    for index in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[index] ^= 1 << UInt8(bit)
        _ = SharedAnswer(ByteBuffer(bytes: changed), at: Self.now)
      }
    }
    for _ in 0..<20_000 {
      var changed = whole
      for _ in 0..<(1 + random.next() % 8) {
        changed[Int(random.next() % UInt64(whole.count))] = [0, 1, 0x7F, 0x80, 0xFF][Int(random.next() % 5)]
      }
      _ = SharedAnswer(ByteBuffer(bytes: changed), at: Self.now)
      let length = Int(random.next() % 64)
      _ = SharedAnswer(
        ByteBuffer(bytes: (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }), at: Self.now)
    }
  }

  private func sealed() throws -> ByteBuffer {
    var head = ByteBuffer()
    SharedAnswerHead.write(SharedAnswerTime(epoch: 5, time: 6), [7, 8], into: &head)
    #expect(String(buffer: head) == "5 6 7 8\n")
    return try #require(sealer.seal(Self.written(), behind: head, as: name))
  }

  @Test func onlyTheSealedBytesAreOpened() throws {
    let sealed = try sealed()
    #expect(sealer.open(sealed, as: name) == Self.written())
    let whole = Array(sealed.readableBytesView)
    for index in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[index] ^= 1 << UInt8(bit)
        #expect(sealer.open(ByteBuffer(bytes: changed), as: name) == nil, "\(index) \(bit)")
      }
    }
    for length in 0..<whole.count { #expect(sealer.open(ByteBuffer(bytes: whole[..<length]), as: name) == nil) }
    #expect(sealer.open(ByteBuffer(bytes: whole + [0]), as: name) == nil)
    #expect(sealer.open(ByteBuffer(repeating: 0x31, count: 5000), as: name) == nil)
  }

  @Test func nobodyElseOpensIt() throws {
    let sealed = try sealed()
    #expect(sealer.open(sealed, as: Array("0124".utf8)) == nil)
    let other = AnswerSealer(Secret(Array("another secret of 32 bytes or more".utf8)))
    #expect(other.open(sealed, as: name) == nil)
    #expect([1, 2, 3].withUnsafeBytes { sealer.name(of: $0) != other.name(of: $0) })
    // What is sealed twice looks different, and nothing of it can be read.
    #expect(try self.sealed() != sealed)
    #expect(!String(decoding: sealed.readableBytesView, as: UTF8.self).contains("body"))
  }
}
