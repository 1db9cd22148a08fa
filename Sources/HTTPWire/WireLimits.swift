/// Bounds of what a peer may send outside of content. Sizes in bytes.
public struct WireLimits: Sendable, Hashable {
  /// Longest request or status line, line end included.
  public var maxStartLine: Int
  /// Longest head: start line and fields with their line ends.
  public var maxHeadBytes: Int
  /// Most fields of a head or of a trailer section.
  public var maxFields: Int
  /// Longest extension of one chunk.
  public var maxChunkExtension: Int
  /// How far chunk heads may outweigh what they carry. Every chunk has 16 bytes and twice its content for free; the sum
  /// of what exceeds that is bounded by this number.
  public var maxChunkOverheadBytes: Int
  /// Longest trailer section, line ends included.
  public var maxTrailerBytes: Int

  /// Sets limits; what is not named has its default. Heads are held below 16 MiB whatever is asked for.
  public init(
    maxStartLine: Int = 8 << 10, maxHeadBytes: Int = 32 << 10, maxFields: Int = 100, maxChunkExtension: Int = 256,
    maxChunkOverheadBytes: Int = 16 << 10, maxTrailerBytes: Int = 8 << 10
  ) {
    self.maxStartLine = maxStartLine
    self.maxHeadBytes = min(maxHeadBytes, 16 << 20)
    self.maxFields = maxFields
    self.maxChunkExtension = maxChunkExtension
    self.maxChunkOverheadBytes = maxChunkOverheadBytes
    self.maxTrailerBytes = maxTrailerBytes
  }
}
