public import NIOCore

/// Writes the parts of heads and of chunked content into a buffer; nothing is allocated when its capacity suffices.
///
/// These functions check nothing: who writes a value that a peer or a plugin has made checks it first.
public enum HeadWriting {
  /// "Name: value" and CR LF.
  public static func writeField(_ id: FieldID, _ value: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
    writeName(id.name, into: &out)
    out.writeBytes(value)
    writeLineEnd(into: &out)
  }

  /// "Name: value" and CR LF; the value is what is readable in the buffer.
  public static func writeField(_ id: FieldID, _ value: ByteBuffer, into out: inout ByteBuffer) {
    writeName(id.name, into: &out)
    out.writeImmutableBuffer(value)
    writeLineEnd(into: &out)
  }

  /// "Name: value" and CR LF.
  public static func writeField(_ id: FieldID, _ value: StaticString, into out: inout ByteBuffer) {
    writeField(name: id.name, value, into: &out)
  }

  /// "Name: value" and CR LF, with a decimal value.
  public static func writeField(_ id: FieldID, decimal value: UInt64, into out: inout ByteBuffer) {
    writeName(id.name, into: &out)
    writeDecimal(value, into: &out)
    writeLineEnd(into: &out)
  }

  /// "Name: value" and CR LF.
  public static func writeField(name: StaticString, _ value: StaticString, into out: inout ByteBuffer) {
    writeName(name, into: &out)
    out.writeStaticString(value)
    writeLineEnd(into: &out)
  }

  /// "Name: value" and CR LF.
  public static func writeField(name: StaticString, _ value: UnsafeRawBufferPointer, into out: inout ByteBuffer) {
    writeName(name, into: &out)
    out.writeBytes(value)
    writeLineEnd(into: &out)
  }

  private static func writeName(_ name: StaticString, into out: inout ByteBuffer) {
    out.writeStaticString(name)
    out.writeInteger(0x3A20 as UInt16)
  }

  /// CR LF; alone on its line it ends the head.
  public static func writeLineEnd(into out: inout ByteBuffer) { out.writeInteger(0x0D0A as UInt16) }

  /// A number in decimal digits.
  public static func writeDecimal(_ value: UInt64, into out: inout ByteBuffer) {
    let length = Digits.decimalCount(value)
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { Digits.writeDecimal(value, length, to: $0, at: 0) }
  }

  /// A number in lower-case hex digits, without leading zeros.
  public static func writeHex(_ value: UInt64, into out: inout ByteBuffer) {
    let length = max(1, (64 - value.leadingZeroBitCount + 3) / 4)
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
      var rest = value
      for index in (0..<length).reversed() {
        let digit = UInt8(rest & 15)
        target[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
        rest >>= 4
      }
      return length
    }
  }

  /// The status line of a response the gateway makes, with the phrase that RFC 9110 section 15 gives the status.
  /// - Parameter status: 100 to 999.
  public static func writeStatusLine(_ status: UInt16, into out: inout ByteBuffer) {
    out.writeStaticString("HTTP/1.1 ")
    writeDecimal(UInt64(status), into: &out)
    out.writeInteger(0x20 as UInt8)
    out.writeStaticString(ReasonPhrase.of(status))
    writeLineEnd(into: &out)
  }

  /// The size line of a chunk; its content and ``writeLineEnd(into:)`` follow.
  /// - Parameter length: bytes of content; not 0, for that would end the message.
  public static func appendChunkHead(_ length: Int, into out: inout ByteBuffer) {
    writeHex(UInt64(length), into: &out)
    writeLineEnd(into: &out)
  }

  /// The end of chunked content, without trailers.
  public static var lastChunk: StaticString { "0\r\n\r\n" }
}

/// Decimal digits.
enum Digits {
  static func decimalCount(_ value: UInt64) -> Int {
    var count = 1
    var rest = value
    while rest >= 10 {
      rest /= 10
      count += 1
    }
    return count
  }

  /// Writes the digits and returns how many.
  static func writeDecimal(_ value: UInt64, _ count: Int, to out: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
    var rest = value
    for index in (0..<count).reversed() {
      out[start + index] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
    return count
  }
}
