import Foundation
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
      line.writeString("Date: \(Self.render(now))\r\n")
    }
    buffer.writeImmutableBuffer(line)
  }

  /// IMF-fixdate (RFC 9110 section 5.6.7).
  static func render(_ seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let (day, month) = (days[Int(parts.tm_wday) % 7], months[Int(parts.tm_mon) % 12])
    let date = "\(day), \(pad(parts.tm_mday)) \(month) \(Int(parts.tm_year) + 1900)"
    return "\(date) \(pad(parts.tm_hour)):\(pad(parts.tm_min)):\(pad(parts.tm_sec)) GMT"
  }

  private static func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
