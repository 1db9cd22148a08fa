/// Seconds since 1970 as a token states them (RFC 7519 section 2), turned into nanoseconds.
enum NumericDate {
  /// The nanoseconds of a JSON number, whole or with a fraction. What 64 bits do not hold becomes the nearest that they
  /// do; nil when the number is not finite.
  static func nanoseconds(_ number: String) -> Int64? {
    if let seconds = Int64(number) {
      let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      return overflow ? (seconds < 0 ? .min : .max) : product
    }
    guard let seconds = Double(number), seconds.isFinite else { return nil }
    return Int64(exactly: (seconds * 1e9).rounded(.down)) ?? (seconds < 0 ? .min : .max)
  }
}

extension Int64 {
  /// The sum, or the nearest number there is.
  func saturatingAdd(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
