import GatewayKit

/// Reads one element of `X-Forwarded-For`.
enum ForwardedAddress {
  /// `192.0.2.1`, `192.0.2.1:port`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:port`, with blanks around; nil for
  /// everything else, as `unknown` and what is obfuscated (RFC 7239 section 6) are.
  static func read(_ element: UnsafeRawBufferPointer) -> IPAddress? {
    let text = trimmed(element)
    guard let first = text.first else { return nil }
    if first == UInt8(ascii: "[") { return bracketed(text) }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon == text.lastIndex(of: UInt8(ascii: ":")) else {
      return IPAddress(bytes: text)
    }
    return isPort(text[(colon + 1)...]) ? IPAddress(bytes: UnsafeRawBufferPointer(rebasing: text[..<colon])) : nil
  }

  private static func bracketed(_ text: UnsafeRawBufferPointer) -> IPAddress? {
    guard let bracket = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
    let rest = text[(bracket + 1)...]
    guard rest.isEmpty || rest.first == UInt8(ascii: ":") && isPort(rest.dropFirst()) else { return nil }
    let inner = UnsafeRawBufferPointer(rebasing: text[1..<bracket])
    return inner.contains(UInt8(ascii: ":")) ? IPAddress(bytes: inner) : nil
  }

  private static func isPort(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard (1...5).contains(text.count), text.allSatisfy({ $0 &- 0x30 < 10 }) else { return false }
    return text.reduce(0) { $0 * 10 + Int($1 &- 0x30) } <= 65_535
  }

  private static func trimmed(_ element: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    var (start, end) = (0, element.count)
    while start < end, isBlank(element[start]) { start += 1 }
    while start < end, isBlank(element[end - 1]) { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: element[start..<end])
  }
}
