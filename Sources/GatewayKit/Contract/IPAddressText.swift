/// Reads the text forms of addresses from bytes, without a copy.
enum IPAddressText {
  /// Four numbers up to 255 without leading zeros, which some would read as octal (RFC 6943 section 3.1.1).
  static func ipv4(_ bytes: some Collection<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    var (number, digits, dots): (UInt32, Int, Int) = (0, 0, 0)
    for byte in bytes {
      if byte == UInt8(ascii: ".") {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | number
        (number, digits, dots) = (0, 0, dots + 1)
      } else {
        guard byte &- 0x30 < 10, digits == 0 || number > 0 else { return nil }
        number = number * 10 + UInt32(byte &- 0x30)
        digits += 1
        guard number <= 255 else { return nil }
      }
    }
    return dots == 3 && digits > 0 ? value << 8 | number : nil
  }

  /// Eight groups of up to four hex digits, one row of zeros as `::`, the last two groups as IPv4 where that is so
  /// written (RFC 4291 section 2.2).
  static func ipv6(_ bytes: UnsafeRawBufferPointer) -> UInt128? {
    var groups = Groups()
    var index = 0
    while index < bytes.count {
      if isGap(bytes, index) {
        guard groups.gap == nil else { return nil }
        groups.gap = groups.count
        index += 2
        continue
      }
      let (group, end) = hexGroup(bytes, from: index)
      if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
        guard let address = ipv4(bytes[index...]) else { return nil }
        groups.append(address >> 16)
        groups.append(address & 0xFFFF)
        break
      }
      guard end > index else { return nil }
      groups.append(group)
      index = end
      if index == bytes.count || isGap(bytes, index) { continue }
      // A colon stands between two groups, and not at the end.
      guard bytes[index] == UInt8(ascii: ":"), index + 1 < bytes.count else { return nil }
      index += 1
    }
    return groups.value
  }

  private static func isGap(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    index + 1 < bytes.count && bytes[index] == UInt8(ascii: ":") && bytes[index + 1] == UInt8(ascii: ":")
  }

  /// At most four hex digits and the index behind them.
  private static func hexGroup(_ bytes: UnsafeRawBufferPointer, from start: Int) -> (group: UInt32, end: Int) {
    var (group, end): (UInt32, Int) = (0, start)
    while end < bytes.count, end < start + 4, let digit = hexDigit(bytes[end]) {
      group = group << 4 | digit
      end += 1
    }
    return (group, end)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    if byte &- 0x30 < 10 { return UInt32(byte &- 0x30) }
    let lower = byte | 0x20
    return lower &- 0x61 < 6 ? UInt32(lower &- 0x61 + 10) : nil
  }

  /// The groups that were read so far.
  private struct Groups {
    private var bits: UInt128 = 0
    private(set) var count = 0
    /// How many groups stand before the row of zeros; nil without one.
    var gap: Int?

    mutating func append(_ group: UInt32) {
      bits = bits << 16 | UInt128(group)
      count += 1
    }

    /// nil when there are too many or too few of them.
    var value: UInt128? {
      guard let gap else { return count == 8 ? bits : nil }
      guard count < 8 else { return nil }
      let behind = UInt128(16 * (count - gap))
      return (bits >> behind) << UInt128(16 * (8 - gap)) | bits & ((1 << behind) - 1)
    }
  }
}
