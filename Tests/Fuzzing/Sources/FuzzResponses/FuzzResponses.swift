import FuzzDriver
import Glibc
import HTTPWire
import NIOCore

/// Reads responses from the input, whole, in two pieces and byte by byte; the readings must agree, and what was written
/// must be read with the same status and fields.
private func check(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let bytes = UnsafeBufferPointer(start: data + 1, count: count - 1)
  let place = Int(data[0] >> 1) * bytes.count / 128
  let method: HTTPWire.Method = data[0] & 1 == 0 ? .get : .head
  let whole = read([bytes[...]], method)
  let pieces = read([bytes[..<place], bytes[place...]], method)
  precondition(whole == pieces, "the reading depends on the cut")
  if bytes.count <= 512 {
    let single = read(bytes.indices.map { bytes[$0..<($0 + 1)] }, method)
    precondition(whole == single, "the reading depends on the cut")
  }
  return 0
}

@main
enum FuzzResponses {
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

private func read(_ pieces: [Slice<UnsafeBufferPointer<UInt8>>], _ method: HTTPWire.Method) -> Reading {
  var reading = Reading()
  var buffer = ByteBuffer()
  var parser = ResponseHeadParser()
  var head = ResponseHead()
  var body: BodyReader?
  do throws(WireError) {
    for piece in pieces {
      buffer.writeBytes(piece)
      while true {
        if body == nil {
          guard try parser.parse(&buffer, into: &head, requestMethod: method) else { break }
          reading.heads.append(rewritten(head))
          body = BodyReader(head.framing, limits: WireLimits())
        }
        let event = try body?.next(&buffer)
        if case .bytes(let piece) = event { reading.content.append(contentsOf: piece.readableBytesView) }
        if case .end = event { body = nil }
        if case .needMore = event { break }
      }
    }
  } catch { reading.error = error }
  return reading
}

private func rewritten(_ head: ResponseHead) -> ByteBuffer {
  var out = ByteBuffer()
  head.serialize(into: &out, framing: head.framing, suppressing: [.server])
  var again = ResponseHead()
  var parser = ResponseHeadParser(limits: WireLimits(maxStartLine: 1 << 20, maxHeadBytes: 1 << 20, maxFields: 200))
  var input = out
  do throws(WireError) {
    let isWhole = try parser.parse(&input, into: &again, requestMethod: .get)
    precondition(isWhole && input.readableBytes == 0, "what was written is not one head")
  } catch { preconditionFailure("what was written is refused: \(error)") }
  precondition(again.status == head.status, "the status changed")
  precondition(fields(again.block) == fields(head.block), "the fields changed")
  return out
}

/// Every field but for those that are left out or written in their own place.
private func fields(_ block: FieldBlock) -> [[UInt8]] {
  let own: FieldIDSet = [.server, .contentLength, .transferEncoding]
  return block.fields.indices.filter { !own.contains(block.fields[$0].id) }.map { index in
    block.withName(index) { Array($0) } + [0x3A] + block.withValue(index) { Array($0) }
  }
}
