/// A stretch of a head's bytes.
public struct ByteRange: BitwiseCopyable, Sendable, Hashable {
  /// Offset of the first byte.
  public let start: UInt32
  /// Number of bytes.
  public let length: UInt32

  @usableFromInline
  init(start: UInt32, length: UInt32) {
    self.start = start
    self.length = length
  }

  /// Offsets out of a head; a head's size is bounded far below what 32 bits hold.
  init(_ range: Range<Int>) {
    start = UInt32(truncatingIfNeeded: range.lowerBound)
    length = UInt32(truncatingIfNeeded: range.count)
  }

  /// No byte at all.
  @inlinable
  public static var empty: ByteRange { ByteRange(start: 0, length: 0) }

  /// The offsets as a range.
  @inlinable
  public var offsets: Range<Int> { Int(start)..<(Int(start) &+ Int(length)) }
}
