import GatewayKit
import NIOCore

/// The Date field's line, rendered once a second.
struct DateLine {
  private var second: Int64 = -1
  private var line = ByteBuffer()

  /// Writes `Date: Sun, 06 Nov 1994 08:49:37 GMT` and CRLF.
  mutating func write(into buffer: inout ByteBuffer, wall: Int64) {
    let now = wall / 1_000_000_000
    if now != second {
      second = now
      line.clear()
      line.writeStaticString("Date: ")
      CivilTime(seconds: now).writeHTTPDate(into: &line)
      line.writeStaticString("\r\n")
    }
    buffer.writeImmutableBuffer(line)
  }
}
