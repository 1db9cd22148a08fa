@_spi(CustomByteBufferAllocator) import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What things take on the heap, so that the bound of a cache is one of real memory.
enum HeapBytes {
  /// The object that a buffer's bytes belong to.
  static let bufferStorage = of(72)
  static let reply = of(104)

  /// A block of so many bytes, with what the allocator adds: a header, and what fills up to its grain.
  static func of(_ bytes: Int) -> Int {
    guard bytes < 128 << 10 else { return (bytes + 16 + 4095) & ~4095 }
    return max(32, (bytes + 8 + 15) & ~15)
  }

  /// The storage of an array of octets.
  static func array(_ count: Int) -> Int { count == 0 ? 0 : of(32 + count) }

  /// A buffer with bytes of its own.
  static func buffer(_ buffer: ByteBuffer) -> Int {
    buffer.storageCapacity == 0 ? 0 : bufferStorage + of(buffer.storageCapacity)
  }
}

extension ByteBuffer {
  /// The object that its memory belongs to, which slices share.
  var storage: AnyObject { withVeryUnsafeBytesWithStorageManagement { $1.takeUnretainedValue() } }

  /// An empty buffer of just so many bytes: what grows a buffer rounds up to a power of two, and what is kept for long
  /// must not take twice its size.
  static func exactly(_ bytes: Int) -> ByteBuffer {
    guard bytes > 0, let memory = malloc(bytes) else { return ByteBuffer() }
    return ByteBuffer(
      takingOwnershipOf: UnsafeMutableRawBufferPointer(start: memory, count: bytes),
      allocator: ByteBufferAllocator(), writerIndex: 0)
  }
}
