import Foundation

/// Base64 for addresses and file names without padding (RFC 4648, section 5; RFC 7515, section 2).
enum Base64URL {
  static func encode(_ data: some DataProtocol) -> String {
    Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Refuses padding, other characters, and a text that is not the one way to write its bytes.
  static func decode(_ part: Substring) -> Data? {
    let text = String(part)
    let allowed = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == 0x2D || byte == 0x5F
    }
    guard allowed else { return nil }
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: plain + padding), encode(data) == text else { return nil }
    return data
  }
}
