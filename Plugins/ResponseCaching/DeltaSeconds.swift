/// delta-seconds (RFC 9111 section 1.2.2).
enum DeltaSeconds {
  /// A century: what is longer counts as this, so that it still fits when it is counted in nanoseconds.
  static let most: Int64 = 3_153_600_000

  /// The number; nil for what is none.
  static func read(_ text: some Collection<UInt8>) -> Int64? {
    guard !text.isEmpty else { return nil }
    var value: Int64 = 0
    for octet in text {
      guard OctetClass.isDigit(octet) else { return nil }
      value = min(value * 10 + Int64(octet &- 0x30), most)
    }
    return value
  }

  /// Seconds as nanoseconds, a century at most.
  static func nanoseconds(_ seconds: Int64) -> Int64 { min(max(seconds, 0), most) * 1_000_000_000 }
}
