import GatewayKit
import HTTPWire
import NIOCore

/// The head of a kept answer, updated by the 304 that calls it valid (RFC 9111 section 3.2).
enum FreshenedHead {
  /// Fields of a 304 that do not update: those of the message itself, and those that the kept content depends upon.
  private static let excepted: FieldIDSet = [
    .contentLength, .transferEncoding, .contentEncoding, .contentType, .contentRange,
  ]

  /// The head as the origin would have sent it with the whole answer; nil when the parts make none.
  static func make(of kept: CachedResponse, updatedBy block: FieldBlock) -> ResponseHead? {
    guard let old = parse(status: kept.reply.status, kept.reply.fields) else { return nil }
    var lines = ByteBuffer()
    lines.reserveCapacity(kept.reply.fields.readableBytes + block.bytes.readableBytes)
    for index in old.block.fields.indices where !isReplaced(index, of: old.block, by: block) {
      write(index, of: old.block, into: &lines)
    }
    for index in block.fields.indices where !block.fields[index].isRemoved && !excepted.contains(block.fields[index].id)
    {
      write(index, of: block, into: &lines)
    }
    // Whoever judges the head wants to know that the content ends as it should.
    if case .bytes(let body) = kept.reply.content { lines.writeString("Content-Length: \(body.readableBytes)\r\n") }
    return parse(status: kept.reply.status, lines)
  }

  /// The date of the old answer says nothing of the new one, whether or not that has a date.
  private static func isReplaced(_ index: Int, of old: FieldBlock, by block: FieldBlock) -> Bool {
    let id = old.fields[index].id
    if id == .date { return true }
    if excepted.contains(id) { return false }
    guard id == .other else { return block.first(id) != nil }
    return old.withName(index) { name in
      block.fields.indices.contains { other in
        let field = block.fields[other]
        guard field.id == .other, !field.isRemoved, Int(field.nameLength) == name.count else { return false }
        return block.withName(other) { OctetClass.equalIgnoringCase($0, name) }
      }
    }
  }

  private static func write(_ index: Int, of block: FieldBlock, into out: inout ByteBuffer) {
    block.withName(index) { _ = out.writeBytes($0) }
    out.writeStaticString(": ")
    block.withValue(index) { _ = out.writeBytes($0) }
    out.writeStaticString("\r\n")
  }

  private static func parse(status: UInt16, _ lines: ByteBuffer) -> ResponseHead? {
    var bytes = ByteBuffer(string: "HTTP/1.1 \(status) \r\n")
    bytes.writeImmutableBuffer(lines)
    bytes.writeStaticString("\r\n")
    var parser = ResponseHeadParser(limits: limits)
    var head = ResponseHead()
    guard (try? parser.parse(&bytes, into: &head, requestMethod: .get)) == true else { return nil }
    return head
  }

  /// A head does not grow without end by what one 304 after the other adds.
  private static let limits = WireLimits(maxStartLine: 64 << 10, maxHeadBytes: 256 << 10, maxFields: 1000)
}
