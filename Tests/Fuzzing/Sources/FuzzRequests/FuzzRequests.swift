import FuzzDriver
import Glibc
import HTTPWire
import NIOCore

/// Reads requests from the input, whole, in two pieces and byte by byte; the readings must agree, and what is accepted
/// must read the same again after it was written.
private func check(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let bytes = UnsafeBufferPointer(start: data + 1, count: count - 1)
  let place = Int(data[0]) * bytes.count / 256
  let whole = read([bytes[...]])
  let pieces = read([bytes[..<place], bytes[place...]])
  precondition(whole == pieces, "the reading depends on the cut")
  if bytes.count <= 512 {
    let single = read(bytes.indices.map { bytes[$0..<($0 + 1)] })
    precondition(whole == single, "the reading depends on the cut")
  }
  return 0
}

@main
enum FuzzRequests {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { data, count in check(data, count) })
  }
}

private struct Reading: Equatable {
  var heads: [ByteBuffer] = []
  var content: [UInt8] = []
  var error: WireError?
}

private func read(_ pieces: [Slice<UnsafeBufferPointer<UInt8>>]) -> Reading {
  var reading = Reading()
  var buffer = ByteBuffer()
  var parser = RequestHeadParser()
  var head = RequestHead()
  var body: BodyReader?
  do throws(WireError) {
    for piece in pieces {
      buffer.writeBytes(piece)
      while try step(&buffer, &parser, &head, &body, &reading) {}
    }
  } catch { reading.error = error }
  return reading
}

private func step(
  _ buffer: inout ByteBuffer, _ parser: inout RequestHeadParser, _ head: inout RequestHead, _ body: inout BodyReader?,
  _ reading: inout Reading
) throws(WireError) -> Bool {
  guard body != nil else {
    guard try parser.parse(&buffer, into: &head) else { return false }
    reading.heads.append(rewritten(head))
    body = BodyReader(head.framing, limits: WireLimits())
    return true
  }
  switch try body?.next(&buffer) {
  case .bytes(let piece): reading.content.append(contentsOf: piece.readableBytesView)
  case .end: body = nil
  case .needMore, nil: return false
  }
  return true
}

/// The head as the origin would get it; it must read as one head with the same path and framing.
private func rewritten(_ head: RequestHead) -> ByteBuffer {
  let host = ByteBuffer(string: "origin.example")
  var out = ByteBuffer()
  var copy = head
  try? copy.block.removeConnectionFields()
  copy.serialize(into: &out, extra: ByteBuffer(), host: host)
  var again = RequestHead()
  var parser = RequestHeadParser(limits: WireLimits(maxStartLine: 1 << 20, maxHeadBytes: 1 << 20, maxFields: 200))
  var input = out
  do throws(WireError) {
    let isWhole = try parser.parse(&input, into: &again)
    precondition(isWhole && input.readableBytes == 0, "what was written is not one head")
  } catch { preconditionFailure("what was written is refused: \(error)") }
  precondition(again.framing == head.framing, "the framing changed")
  precondition(again.withPath { Array($0) } == head.withPath { Array($0) }, "the path is not in normal form")
  precondition(!again.pathWasRewritten, "the path is not in normal form")
  precondition(again.withMethodName { Array($0) } == head.withMethodName { Array($0) }, "the method changed")
  precondition(again.withQuery { Array($0) } == head.withQuery { Array($0) }, "the query changed")
  precondition(fields(again.block) == fields(copy.block), "the fields changed")
  return out
}

/// Every field that is not removed, but for those that are written in their own place.
private func fields(_ block: FieldBlock) -> [[UInt8]] {
  let own: FieldIDSet = [.host, .contentLength, .transferEncoding]
  return block.fields.indices.filter { !block.fields[$0].isRemoved && !own.contains(block.fields[$0].id) }.map {
    index in
    block.withName(index) { Array($0) } + [0x3A] + block.withValue(index) { Array($0) }
  }
}
