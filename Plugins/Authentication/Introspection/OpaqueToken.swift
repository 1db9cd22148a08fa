/// Tokens whose form is their issuer's own affair.
enum OpaqueToken {
  /// Whether the bytes are a `b64token` (RFC 6750 section 2.1): letters, digits and `-._~+/`, with `=` at the end only.
  static func isWellFormed(_ token: UnsafeRawBufferPointer) -> Bool {
    var padding = 0
    for byte in token {
      if byte == UInt8(ascii: "=") {
        padding += 1
      } else if padding > 0 || !isCharacter(byte) {
        return false
      }
    }
    return token.count > padding
  }

  private static func isCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
      true
    default: false
    }
  }

  /// What stands for the token in keys and logs: the signed part of a JWT, so that another spelling of its signature is
  /// no other caller; all of any other token.
  static func identifyingPart(_ token: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let parts = try? CompactToken(token) else { return token }
    return UnsafeRawBufferPointer(rebasing: token[..<parts.signedCount])
  }
}
