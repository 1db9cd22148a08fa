public import NIOCore

extension ResponseHead {
  /// Writes the head for the client: status line, every field that is neither removed nor suppressed, the field of the
  /// framing, `extra` and the empty line. No allocation when the capacity of `out` suffices.
  /// - Parameters:
  ///   - out: what is written is appended to it.
  ///   - framing: how the content that follows is framed. With `none` the origin's Content-Length stays, as answers to
  ///     HEAD and 304 say what a GET would have had (RFC 9110 section 8.6), but not on 1xx and 204.
  ///   - suppressing: known fields to leave out.
  ///   - extra: whole field lines, each with its CR LF, or nothing.
  public func serialize(
    into out: inout ByteBuffer, framing: Framing, suppressing: FieldIDSet = [], extra: ByteBuffer = ByteBuffer()
  ) {
    var left = suppressing
    left.insert(.transferEncoding)
    if framing != .none || status < 200 || status == 204 { left.insert(.contentLength) }
    let size = block.bytes.readableBytes + 2 * block.fields.count + extra.readableBytes + 96
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      var writer = HeadWriter(target)
      writeStatusLine(&writer)
      block.bytes.withUnsafeReadableBytes { head in
        for field in block.fields where !field.isRemoved && !left.contains(field.id) {
          writer.append(field, of: head)
        }
      }
      writer.append(framing)
      extra.withUnsafeReadableBytes { writer.append($0) }
      writer.append("\r\n")
      return writer.count
    }
  }

  private func writeStatusLine(_ writer: inout HeadWriter) {
    writer.append("HTTP/1.1 ")
    writer.appendDecimal(UInt64(status))
    writer.append(" ")
    withReasonPhrase { writer.append($0) }
    writer.append("\r\n")
  }
}
