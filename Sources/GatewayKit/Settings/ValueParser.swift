/// Texts to durations, sizes and rates. Nothing here traps on overflow.
package enum ValueParser {
  /// Counts of a rate above this are no limits any more.
  package static let largestRateCount = 1_000_000_000

  /// What a duration looks like, for error messages.
  package static let durationForm = "a whole number and a unit: 250ms, 10s, 5m, 1h or 7d"
  /// What a size looks like, for error messages.
  package static let sizeForm = "a whole number and a unit: 512B, 16KB, 1MB or 1GB (1KB is 1024 bytes)"
  /// What a rate looks like, for error messages.
  package static let rateForm = "a count and a time: 10/s, 600/m, 1000/h, 5000/d or 30/15s"

  /// What a share looks like, for error messages.
  package static let percentForm = "a whole number and a percent sign: 20%"

  private static let milliseconds: [(unit: String, factor: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]
  private static let bytes: [(unit: String, factor: Int)] = [
    ("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]

  /// `10s` as a duration of at most ``SettingsReader/longestDuration``.
  package static func duration(_ text: String) -> Duration? {
    guard let (number, unit) = split(text), let value = Int64(number) else { return nil }
    guard let factor = milliseconds.first(where: { $0.unit == unit })?.factor else { return nil }
    let (total, overflow) = value.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    let duration = Duration.milliseconds(total)
    return duration <= SettingsReader.longestDuration ? duration : nil
  }

  /// `16KB` in bytes; `KB` and `KiB` both mean 1024.
  package static func size(_ text: String) -> Int? {
    guard let (number, unit) = split(text), let value = Int(number) else { return nil }
    guard let factor = bytes.first(where: { $0.unit == unit })?.factor else { return nil }
    let (total, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? nil : total
  }

  /// `600/m` or `30/15s`.
  package static func rate(_ text: String) -> Rate? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, isDigits(parts[0]), let count = Int(parts[0]), count <= largestRateCount else { return nil }
    let time = parts[1].utf8.first.map(isDigit) == true ? String(parts[1]) : "1\(parts[1])"
    return duration(time).flatMap { Rate(count: count, period: $0) }
  }

  /// `20%` as 20; at most `100%`.
  package static func percent(_ text: String) -> Int? {
    guard let (number, unit) = split(text), unit == "%", let share = Int(number) else { return nil }
    return share <= 100 ? share : nil
  }

  /// A plain decimal number, with a minus sign if it has one.
  package static func integer(_ text: String) -> Int? {
    isDigits(text.hasPrefix("-") ? text.dropFirst() : text[...]) ? Int(text) : nil
  }

  /// Shortest exact spelling, such as `90s` or `2h`.
  package static func describe(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return "\(duration)" }
    let total = product + attoseconds / 1_000_000_000_000_000
    if total == 0 { return "0s" }
    let fitting = milliseconds.last { total % $0.factor == 0 } ?? ("ms", 1)
    return "\(total / fitting.factor)\(fitting.unit)"
  }

  /// Shortest exact spelling, such as `16KB`.
  package static func describe(bytes count: Int) -> String {
    if count == 0 { return "0B" }
    let fitting = bytes.prefix(5).last { count % $0.factor == 0 } ?? ("B", 1)
    return "\(count / fitting.factor)\(fitting.unit)"
  }

  /// Leading digits and the rest; nil without digits.
  private static func split(_ text: String) -> (number: Substring, unit: Substring)? {
    let end = text.utf8.firstIndex { !isDigit($0) } ?? text.endIndex
    guard end > text.startIndex else { return nil }
    return (text[..<end], text[end...])
  }

  private static func isDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
