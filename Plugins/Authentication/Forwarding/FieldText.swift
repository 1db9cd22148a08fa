/// Text of a token as the value of a field.
enum FieldText {
  /// The text; what a field cannot carry as it is (octets beyond visible ASCII, blanks at the ends) and the percent sign
  /// are percent-encoded (RFC 3986 section 2.1), so that no two texts look alike to the origin.
  static func encoded(_ text: String) -> [UInt8] {
    let octets = Array(text.utf8)
    var encoded: [UInt8] = []
    encoded.reserveCapacity(octets.count)
    for (index, octet) in octets.enumerated() {
      let isInnerBlank = octet == 0x20 && index > 0 && index < octets.count - 1
      if isInnerBlank || (octet > 0x20 && octet < 0x7F && octet != UInt8(ascii: "%")) {
        encoded.append(octet)
      } else {
        encoded += [UInt8(ascii: "%"), digit(octet >> 4), digit(octet & 15)]
      }
    }
    return encoded
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
