import FuzzDriver
import Glibc
import HTTPWire

/// Normalises a path both ways; the normal form must be normal, no longer than the path, and without dot segments. A
/// path is the same path when its letters are percent-encoded.
private func check(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let raw = UnsafeRawBufferPointer(start: data, count: count)
  for mergeSlashes in [true, false] {
    let form = normal(raw, mergeSlashes)
    if !raw.contains(0x25) {
      let other = encoded(raw).withUnsafeBytes { normal($0, mergeSlashes) }
      precondition(other == form, "an encoded letter makes another path")
    }
    guard let path = form else { continue }
    precondition(path.count <= count && path.first == 0x2F, "the normal form is no path")
    precondition(path.withUnsafeBytes { normal($0, mergeSlashes) } == path, "the normal form is not normal")
    for segment in path.split(separator: 0x2F) {
      precondition(Array(segment) != [0x2E] && Array(segment) != [0x2E, 0x2E], "a dot segment is left")
    }
  }
  return 0
}

/// The path with every letter, digit and dot percent-encoded.
private func encoded(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
  let digits = Array("0123456789abcdef".utf8)
  return raw.flatMap { octet -> [UInt8] in
    let isPlain = (octet | 0x20) &- 0x61 < 26 || octet &- 0x30 < 10 || octet == 0x2E
    return isPlain ? [0x25, digits[Int(octet >> 4)], digits[Int(octet & 15)]] : [octet]
  }
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
