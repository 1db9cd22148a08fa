import FuzzDriver
import Glibc
import HTTPWire
import NIOCore

/// Reads chunked content, whole and byte by byte; both readings must agree, and the trailers that are kept must be kept
/// again when they were written.
private func check(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: data, count: count)
  let whole = read([ByteBuffer(bytes: bytes)])
  let single = read(bytes.map { ByteBuffer(bytes: [$0]) })
  precondition(whole == single, "the reading depends on the cut")
  precondition(whole.content.count <= count, "content came from nowhere")
  if whole.isComplete {
    let again = read([ByteBuffer(bytes: whole.trailers)])
    precondition(again.isComplete && again.trailers == whole.trailers, "trailers changed")
  }
  return 0
}

@main
enum FuzzChunks {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { data, count in check(data, count) })
  }
}

private struct Reading: Equatable {
  var content: [UInt8] = []
  /// The last chunk and the trailers, as they are written for the next server.
  var trailers: [UInt8] = []
  var isComplete = false
  var error: WireError?
}

private func read(_ pieces: [ByteBuffer]) -> Reading {
  var reading = Reading()
  var reader = BodyReader(.chunked, limits: WireLimits())
  var buffer = ByteBuffer()
  do throws(WireError) {
    for piece in pieces where !reading.isComplete {
      buffer.writeImmutableBuffer(piece)
      try drain(&reader, &buffer, &reading)
    }
    if !reading.isComplete { try reader.endOfInput() }
  } catch { reading.error = error }
  return reading
}

private func drain(
  _ reader: inout BodyReader, _ buffer: inout ByteBuffer, _ reading: inout Reading
) throws(WireError) {
  while true {
    switch try reader.next(&buffer) {
    case .bytes(let piece): reading.content.append(contentsOf: piece.readableBytesView)
    case .needMore: return
    case .end:
      reading.isComplete = true
      var out = ByteBuffer()
      HeadWriting.writeLastChunk(trailers: reader.trailers, into: &out)
      reading.trailers = Array(out.readableBytesView)
      return
    }
  }
}
