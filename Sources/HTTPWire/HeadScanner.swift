/// Finds the lines of a head that arrives in pieces, and looks at no byte twice.
///
/// Offsets count from the buffer's reader index, so they hold when the buffer grows or is compacted between calls.
struct HeadScanner: Sendable {
  /// Where the line that is being read begins.
  private(set) var lineStart = 0
  /// Up to where line ends have been looked for.
  private(set) var scanned = 0
  /// Bytes looked at in total; a test holds this against the bytes that came.
  private(set) var scannedBytes = 0

  /// The next whole line without its CR LF, or nil when it has not come yet.
  @inline(__always)
  mutating func nextLine(of bytes: RawSpan) throws(WireError) -> Range<Int>? {
    let available = bytes.byteCount
    guard scanned < available else { return nil }
    guard let feed = bytes.firstIndex(of: 0x0A, in: scanned..<available) else {
      scannedBytes &+= available &- scanned
      scanned = available
      return nil
    }
    scannedBytes &+= feed &+ 1 &- scanned
    guard feed > lineStart, bytes[at: feed &- 1] == 0x0D else { throw WireError(.lineEndInvalid) }
    let line = lineStart..<(feed &- 1)
    scanned = feed &+ 1
    lineStart = scanned
    return line
  }

  /// Starts over, after a head or when bytes before it were dropped.
  mutating func reset() {
    lineStart = 0
    scanned = 0
  }
}
