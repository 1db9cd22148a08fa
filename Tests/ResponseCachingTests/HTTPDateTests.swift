import GatewayKit
import HTTPWire
import NIOCore
import Testing

@testable import ResponseCaching

/// RFC 9110 section 5.6.7.
@Suite struct HTTPDateTests {
  private static let now: Int64 = 1_795_449_600

  private func seconds(_ text: String, now: Int64 = now) -> Int64? {
    Array(text.utf8).withUnsafeBytes { HTTPDate.seconds(of: $0, now: now) }
  }

  @Test(arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func allThreeFormsAreRead(text: String) { #expect(seconds(text) == 784_111_777) }

  /// What seems to be more than 50 years from now was in the past.
  @Test func yearsOfTwoDigits() {
    #expect(seconds("Friday, 06-Nov-76 00:00:00 GMT") == seconds("Fri, 06 Nov 2076 00:00:00 GMT"))
    #expect(seconds("Friday, 06-Nov-77 00:00:00 GMT") == seconds("Fri, 06 Nov 1977 00:00:00 GMT"))
  }

  @Test(arguments: [
    "", "0", "-1", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06  Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994  08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 06 08:49:37 1994 GMT",
    "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 0000 08:49:37 GMT", "784111777", "Sun, 06 Nov 1994 08:49 GMT",
  ])
  func otherFormsAreNone(text: String) { #expect(seconds(text) == nil) }

  @Test func theEndsOfTime() {
    #expect(seconds("Fri, 31 Dec 9999 23:59:60 GMT") != nil)
    #expect(seconds("Mon, 01 Jan 0001 00:00:00 GMT").map { $0 < 0 } == true)
    #expect(seconds("Tue, 29 Feb 2000 00:00:00 GMT") != nil && seconds("Tue, 29 Feb 1900 00:00:00 GMT") == nil)
  }

  @Test func readsWhatTheGatewayWrites() {
    var moment: Int64 = 0
    while moment < 10_000_000_000 {
      var out = ByteBuffer()
      CivilTime(seconds: moment).writeHTTPDate(into: &out)
      #expect(seconds(String(buffer: out)) == moment)
      moment += 7_654_321
    }
  }
}
