public import NIOCore

extension RequestHead {
  /// Fields that are written in their own place from the parsed form.
  private static var written: FieldIDSet { [.host, .contentLength, .transferEncoding] }

  /// Writes the head for the next server.
  ///
  /// Request line with the normal form of the path, Host, every field that is not removed, the field of the framing,
  /// `extra` and the empty line. A Content-Length of 0 stays. No allocation when the capacity of `out` suffices.
  /// - Parameters:
  ///   - out: what is written is appended to it.
  ///   - extra: whole field lines, each with its CR LF, or nothing.
  ///   - host: the value of Host; nil for the request's own authority.
  ///   - pathPrefix: what stands before the path at the next server: empty, or with a slash at its beginning only.
  public func serialize(
    into out: inout ByteBuffer, extra: ByteBuffer, host: ByteBuffer?, pathPrefix: ByteBuffer = ByteBuffer()
  ) {
    let fieldBytes = block.bytes.readableBytes + 2 * block.fields.count + extra.readableBytes
    let hostBytes = host?.readableBytes ?? Int(authority.length)
    let size = fieldBytes + hostBytes + pathPrefix.readableBytes + rewrittenPath.count + 96
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      var writer = HeadWriter(target)
      block.bytes.withUnsafeReadableBytes { head in
        writeRequestLine(pathPrefix, &writer)
        writeHost(host, &writer)
        for field in block.fields where !field.isRemoved && !Self.written.contains(field.id) {
          writer.append(field, of: head)
        }
      }
      writer.append(framing)
      extra.withUnsafeReadableBytes { writer.append($0) }
      writer.append("\r\n")
      return writer.count
    }
  }

  private func writeRequestLine(_ pathPrefix: ByteBuffer, _ writer: inout HeadWriter) {
    if method == .other { withMethodName { writer.append($0) } } else { writer.append(method.name) }
    writer.append(" ")
    if form != .asterisk { pathPrefix.withUnsafeReadableBytes { writer.append($0) } }
    withPath { writer.append($0) }
    withQuery { query in
      writer.append("?")
      writer.append(query)
    }
    writer.append(" HTTP/1.1\r\n")
  }

  private func writeHost(_ host: ByteBuffer?, _ writer: inout HeadWriter) {
    writer.append("Host: ")
    if let host {
      host.withUnsafeReadableBytes { writer.append($0) }
    } else {
      withAuthority { writer.append($0) }
    }
    writer.append("\r\n")
  }
}
