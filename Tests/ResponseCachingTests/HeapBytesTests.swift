import GatewayKit
import NIOCore
import Testing

@testable import ResponseCaching

#if canImport(Glibc)
  import Glibc

  /// What an answer is said to take is what the allocator gives for it.
  @Suite struct HeapBytesTests {
    /// Bytes of a block with its header. The function has no place in the module of the C library, so it is looked up.
    private func taken(_ block: UnsafeRawPointer?) throws -> Int {
      typealias UsableSize = @convention(c) (UnsafeRawPointer?) -> Int
      let symbol = try #require(dlsym(nil, "malloc_usable_size"))
      return unsafeBitCast(symbol, to: UsableSize.self)(block) + 8
    }

    private func taken(_ object: AnyObject) throws -> Int {
      try taken(UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque()))
    }

    @Test(arguments: [0, 1, 100, 1000, 4096, 4097, 20_000, 300_000])
    func anAnswerTakesWhatItIsSaidTo(size: Int) throws {
      let rig = StoreRig(CacheBounds())
      // A block may be a grain larger than was asked for, where the rest is too small for another; of some answers that are
      // there together the least takes what all do.
      let answers = (0..<16).map { rig.answer(StoreRig.key($0), size: size) }
      let bytes = try #require(answers.map { try taken(by: $0, size) }.min())
      #expect(try answers.map { try taken($0.reply) }.min() == HeapBytes.reply)
      #expect(abs(bytes - answers[0].cost) * 100 <= answers[0].cost * 2, "\(bytes) and \(answers[0].cost)")
    }

    private func taken(by answer: CachedResponse, _ size: Int) throws -> Int {
      var bytes = try taken(answer) + taken(answer.reply) + HeapBytes.bufferStorage
      // The key is the first of the packed bytes.
      bytes += try answer.key.withUnsafeBytes { try taken($0.baseAddress) }
      if size > 4096, case .bytes(let body) = answer.reply.content {
        bytes += try HeapBytes.bufferStorage + body.withUnsafeReadableBytes { try taken($0.baseAddress) }
      }
      return bytes
    }
  }
#endif
