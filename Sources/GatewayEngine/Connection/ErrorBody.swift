import GatewayKit
import NIOCore

/// The body of the gateway's own errors: what the API's clients read (`type`, `message`), the stable reason code and the
/// request's id.
enum ErrorBody {
  static func render(type: String, message: String, reason: ReasonCode?, requestID: String) -> ByteBuffer {
    var body = ByteBuffer()
    body.writeStaticString("{\"type\":")
    writeText(type, into: &body)
    body.writeStaticString(",\"message\":")
    writeText(message, into: &body)
    body.writeStaticString(",\"reason\":")
    writeText(reason?.text ?? "", into: &body)
    body.writeStaticString(",\"requestId\":")
    writeText(requestID, into: &body)
    body.writeStaticString("}")
    return body
  }

  /// A JSON string (RFC 8259 section 7).
  private static func writeText(_ text: String, into body: inout ByteBuffer) {
    body.writeInteger(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        body.writeInteger(UInt8(ascii: "\\"))
        body.writeInteger(byte)
      case ..<0x20:
        let digits = String(byte, radix: 16)
        body.writeString(byte < 16 ? "\\u000\(digits)" : "\\u00\(digits)")
      default: body.writeInteger(byte)
      }
    }
    body.writeInteger(UInt8(ascii: "\""))
  }
}
