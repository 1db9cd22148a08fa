import GatewayKit
import Testing

@Suite struct ValueTests {
  @Test(arguments: [
    ("250ms", Duration.milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
    ("7d", .seconds(7 * 86_400)), ("0s", .zero), ("007s", .seconds(7)), ("36500d", SettingsReader.longestDuration),
  ])
  func durations(text: String, duration: Duration) {
    #expect(ValueParser.duration(text) == duration)
  }

  @Test(arguments: [
    "", "s", "10", "-1s", "+1s", "1.5s", "1 s", "10S", "10sec", "1e3s", "36501d", "1h30m", "\u{661}s", "10s ",
    "9223372036854775807s", "9223372036854775807d", "9223372036854775808ms", "999999999999999999999s",
  ])
  func noDurations(_ text: String) {
    #expect(ValueParser.duration(text) == nil)
  }

  @Test(arguments: [
    ("512B", 512), ("16KB", 16_384), ("16KiB", 16_384), ("1MB", 1 << 20), ("2GB", 2 << 30), ("1TB", 1 << 40), ("0B", 0),
  ])
  func sizes(text: String, size: Int) {
    #expect(ValueParser.size(text) == size)
  }

  @Test(arguments: ["", "10", "KB", "1kb", "1K", "-1KB", "1.5MB", "9223372036854775807KB", "99999999999999999999B"])
  func noSizes(_ text: String) {
    #expect(ValueParser.size(text) == nil)
  }

  @Test(arguments: [
    ("600/m", 600, Duration.seconds(60)), ("10/s", 10, .seconds(1)), ("1000/h", 1000, .seconds(3600)),
    ("5000/d", 5000, .seconds(86_400)), ("30/15s", 30, .seconds(15)), ("1/500ms", 1, .milliseconds(500)),
  ])
  func rates(text: String, count: Int, period: Duration) {
    #expect(ValueParser.rate(text) == Rate(count: count, period: period))
  }

  @Test(arguments: [
    "", "600", "600/", "/m", "0/m", "-1/m", "600/x", "600/0s", "600/m/s", "600 /m", "1000000001/s",
    "99999999999999999999/s", "1/99999999999999999999s",
  ])
  func noRates(_ text: String) {
    #expect(ValueParser.rate(text) == nil)
  }

  @Test(arguments: [("0%", 0), ("20%", 20), ("100%", 100), ("007%", 7)])
  func shares(text: String, share: Int) {
    #expect(ValueParser.percent(text) == share)
  }

  @Test(arguments: ["", "%", "20", "20 %", "-1%", "1.5%", "101%", "20%%", "99999999999999999999%"])
  func noShares(_ text: String) {
    #expect(ValueParser.percent(text) == nil)
  }

  @Test func aRateNeedsBothParts() {
    #expect(Rate(count: 0, period: .seconds(1)) == nil)
    #expect(Rate(count: 1, period: .zero) == nil)
    #expect(Rate(count: -1, period: .seconds(-1)) == nil)
  }

  @Test(arguments: ["0s", "1ms", "1500ms", "90s", "2h", "7d"])
  func durationsAreDescribedAsTheyAreWritten(_ text: String) throws {
    #expect(ValueParser.describe(try #require(ValueParser.duration(text))) == text)
  }

  @Test(arguments: ["0B", "1B", "1025B", "16KB", "3MB", "1GB"])
  func sizesAreDescribedAsTheyAreWritten(_ text: String) throws {
    #expect(ValueParser.describe(bytes: try #require(ValueParser.size(text))) == text)
  }

  @Test(arguments: [
    ("usptreams", "upstreams"), ("listener", "listeners"), ("LIMITS", "limits"), ("timeot", "timeouts"),
  ])
  func suggestsTheNearest(word: String, meant: String) {
    #expect(Suggestion.nearest(to: word, among: ["limits", "listeners", "timeouts", "upstreams"]) == meant)
  }

  @Test(arguments: ["", "zzz", "x", "completely-different", String(repeating: "limits", count: 100)])
  func suggestsNothingFarAway(_ word: String) {
    #expect(Suggestion.nearest(to: word, among: ["limits", "listeners", "timeouts", "upstreams"]) == nil)
  }
}
