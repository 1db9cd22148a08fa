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
  /// - Parameters:
  ///   - bytes: the head so far.
  ///   - limit: the most bytes from the head's beginning that the line may end at. Nothing is looked at behind it, so
  ///     the answer does not depend on how the bytes were cut into pieces.
  ///   - excess: what to throw when the line ends later.
  @inline(__always)
  mutating func nextLine(of bytes: RawSpan, limit: Int, excess: WireError.Code) throws(WireError) -> Range<Int>? {
    let available = min(bytes.byteCount, limit)
    guard scanned < available, let feed = bytes.firstIndex(of: 0x0A, in: scanned..<available) else {
      scannedBytes &+= max(0, available &- scanned)
      scanned = max(scanned, available)
      guard scanned < limit else { throw WireError(excess) }
      return nil
    }
    scannedBytes &+= feed &+ 1 &- scanned
    guard feed > lineStart, bytes[at: feed &- 1] == 0x0D else { throw WireError(.lineEndInvalid) }
    let line = lineStart..<(feed &- 1)
    scanned = feed &+ 1
    lineStart = scanned
    return line
  }

  /// Takes the empty line that ends a head, when it comes next and nothing of it was looked at before.
  @inline(__always)
  mutating func takeEmptyLine(of bytes: RawSpan, limit: Int) -> Bool {
    let start = lineStart
    guard scanned == start, start &+ 2 <= min(bytes.byteCount, limit), bytes[at: start] == 0x0D,
      bytes[at: start &+ 1] == 0x0A
    else { return false }
    scannedBytes &+= 2
    scanned = start &+ 2
    lineStart = scanned
    return true
  }

  /// Adds the fields of the next lines, as long as these are whole and in their plain form and nothing of them was
  /// looked at before; see ``PlainLine``.
  @inline(__always)
  mutating func takePlainLines(of bytes: RawSpan, limits: WireLimits, into fields: inout [Field]) {
    guard scanned == lineStart else { return }
    let next = PlainLine.readAll(bytes, from: lineStart, limits, into: &fields)
    scannedBytes &+= next &- lineStart
    scanned = next
    lineStart = next
  }

  /// Starts over, after a head or when bytes before it were dropped.
  mutating func reset() {
    lineStart = 0
    scanned = 0
  }
}
