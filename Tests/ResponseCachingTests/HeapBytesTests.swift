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
      let answer = rig.answer(StoreRig.key(1), size: size)
      var bytes = try taken(answer) + taken(answer.reply) + HeapBytes.bufferStorage
      // The key is the first of the packed bytes.
      bytes += try answer.key.withUnsafeBytes { try taken($0.baseAddress) }
      if size > 4096, case .bytes(let body) = answer.reply.content {
        bytes += try HeapBytes.bufferStorage + body.withUnsafeReadableBytes { try taken($0.baseAddress) }
      }
      // A block may be a grain larger than was asked for, where the rest is too small for another.
      #expect(abs(bytes - answer.cost) <= max(40, answer.cost / 50), "\(bytes) and \(answer.cost)")
    }
  }
#endif
