import FuzzDriver
import Glibc
import HTTPWire

/// Normalises a path both ways; the normal form must be normal, no longer than the path, and without dot segments.
private func check(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let raw = UnsafeRawBufferPointer(start: data, count: count)
  for mergeSlashes in [true, false] {
    guard let path = normal(raw, mergeSlashes) else { continue }
    precondition(path.count <= count && path.first == 0x2F, "the normal form is no path")
    precondition(path.withUnsafeBytes { normal($0, mergeSlashes) } == path, "the normal form is not normal")
    for segment in path.split(separator: 0x2F) {
      precondition(Array(segment) != [0x2E] && Array(segment) != [0x2E, 0x2E], "a dot segment is left")
    }
  }
  return 0
}

@main
enum FuzzPaths {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { data, count in check(data, count) })
  }
}

private func normal(_ raw: UnsafeRawBufferPointer, _ mergeSlashes: Bool) -> [UInt8]? {
  var out: [UInt8] = []
  do throws(WireError) {
    let isRewritten = try PathNormalizer.normalize(raw, mergeSlashes: mergeSlashes, into: &out)
    return isRewritten ? out : Array(raw)
  } catch { return nil }
}
