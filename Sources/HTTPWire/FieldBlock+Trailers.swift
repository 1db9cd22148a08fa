public import NIOCore

extension FieldBlock {
  /// Removes from a trailer section what the head of its message rules out: fields that the head's Connection names,
  /// and fields that the head or the gateway says already. A receiver that merges trailers into the head would else
  /// believe the later one.
  /// - Parameters:
  ///   - head: the fields of the message the trailers belong to, as they were sent.
  ///   - added: whole field lines, each with its CR LF, that the gateway has put into the head it wrote.
  public mutating func checkTrailers(against head: FieldBlock, added: ByteBuffer = ByteBuffer()) {
    for index in fields.indices where !fields[index].isRemoved {
      let name = nameSlice(index)
      let isSaid = name.withUnsafeReadableBytes { name in
        head.names(name.bytes) || head.connectionNames(name.bytes) || added.holdsLine(named: name.bytes)
      }
      if isSaid { remove(at: index) }
    }
  }

  private func nameSlice(_ index: Int) -> ByteBuffer {
    let field = fields[index]
    return bytes.getSlice(at: bytes.readerIndex + Int(field.nameStart), length: Int(field.nameLength)) ?? ByteBuffer()
  }

  /// Whether a field of that name was sent, removed or not.
  private func names(_ name: RawSpan) -> Bool {
    fields.indices.contains { index in withName(index) { $0.bytes.equalsIgnoringCase(name) } }
  }

  private func connectionNames(_ name: RawSpan) -> Bool {
    guard present.contains(.connection) else { return false }
    var isNamed = false
    for index in fields.indices where fields[index].id == .connection {
      withValue(index) { value in
        ListElements.forEach(in: value.bytes) { if $0.equalsIgnoringCase(name) { isNamed = true } }
      }
    }
    return isNamed
  }
}

extension ByteBuffer {
  /// Whether one of the field lines has that name.
  fileprivate func holdsLine(named name: RawSpan) -> Bool {
    withUnsafeReadableBytes { raw in
      let lines = raw.bytes
      var start = 0
      while start < lines.byteCount {
        let end = lines.firstIndex(of: 0x0A, in: start..<lines.byteCount) ?? lines.byteCount
        let colon = lines.firstIndex(of: 0x3A, in: start..<end) ?? end
        if lines.extracting(start..<colon).equalsIgnoringCase(name) { return true }
        start = end + 1
      }
      return false
    }
  }
}

extension HeadWriting {
  /// The end of chunked content: the last chunk, the trailer fields that are not removed, and the empty line.
  public static func writeLastChunk(trailers: FieldBlock?, into out: inout ByteBuffer) {
    guard let trailers, !trailers.fields.isEmpty else {
      out.writeStaticString(lastChunk)
      return
    }
    out.writeStaticString("0\r\n")
    let size = trailers.bytes.readableBytes + 2 * trailers.fields.count + 2
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      var writer = HeadWriter(target)
      trailers.bytes.withUnsafeReadableBytes { lines in
        for field in trailers.fields where !field.isRemoved { writer.append(field, of: lines) }
      }
      writer.append("\r\n")
      return writer.count
    }
  }
}
