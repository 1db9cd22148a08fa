import GatewayKit
import HTTPWire

/// What a request says of content codings, brought into one form: order, letter case, blanks and the ways to write a
/// weight make no other answer (RFC 9111 section 4.1, RFC 9110 section 12.5.3), and browsers differ in nothing else.
///
/// The weights stand in one vector, so nothing is sorted and nothing allocated. What names a coding that is not known
/// here, or one of them twice, has no such form and is compared as it was sent.
struct AcceptEncoding: Equatable {
  /// Weights in thousandths, by the number of the coding.
  private var weights = SIMD8<UInt16>(repeating: unnamed)

  private static let unnamed = UInt16.max
  /// Reads all fields of a request; nil when they have no common form.
  init?(_ block: FieldBlock) {
    var weights = self.weights
    var isKnown = true
    for index in block.fields.indices where block.fields[index].id == .acceptEncoding && !block.fields[index].isRemoved
    {
      block.withValue(index) { value in
        _ = ListScanner.forEach(in: value) { element in
          if isKnown { isKnown = Self.note(element, in: &weights) }
        }
      }
    }
    guard isKnown else { return nil }
    self.weights = weights
  }

  private static func note(_ element: Slice<UnsafeRawBufferPointer>, in weights: inout SIMD8<UInt16>) -> Bool {
    let end = element.firstIndex(of: UInt8(ascii: ";")) ?? element.endIndex
    let name = ListScanner.trim(element[..<end])
    guard let number = number(of: name), weights[number] == unnamed else { return false }
    guard end < element.endIndex else {
      weights[number] = 1000
      return true
    }
    guard let weight = weight(ListScanner.trim(element[(end + 1)...])) else { return false }
    weights[number] = weight
    return true
  }

  /// Tells codings apart by their lengths, so that each name is compared with one or two; `x-gzip` and `x-compress` mean
  /// the same as without the prefix (RFC 9110 section 8.4.1).
  private static func number(of name: Slice<UnsafeRawBufferPointer>) -> Int? {
    func isNamed(_ word: StaticString) -> Bool { OctetClass.equalIgnoringCase(name, word) }
    switch name.count {
    case 4: return isNamed("gzip") ? 0 : isNamed("zstd") ? 3 : nil
    case 7: return isNamed("deflate") ? 1 : nil
    case 2: return isNamed("br") ? 2 : nil
    case 8: return isNamed("identity") ? 4 : isNamed("compress") ? 6 : nil
    case 1: return isNamed("*") ? 5 : nil
    case 6: return isNamed("x-gzip") ? 0 : nil
    case 10: return isNamed("x-compress") ? 6 : nil
    default: return nil
    }
  }

  /// `q=0.5` in thousandths (RFC 9110 section 12.4.2).
  private static func weight(_ text: Slice<UnsafeRawBufferPointer>) -> UInt16? {
    guard (3...7).contains(text.count), OctetClass.equalIgnoringCase(text.prefix(2), "q=") else { return nil }
    let digits = text.dropFirst(2)
    guard let whole = digits.first, whole == 0x30 || whole == 0x31 else { return nil }
    var weight = UInt16(whole &- 0x30) * 1000
    guard digits.count > 1 else { return weight }
    guard digits[digits.startIndex + 1] == UInt8(ascii: ".") else { return nil }
    var scale: UInt16 = 100
    for octet in digits.dropFirst(2) {
      guard OctetClass.isDigit(octet) else { return nil }
      weight += UInt16(octet &- 0x30) * scale
      scale /= 10
    }
    return weight <= 1000 ? weight : nil
  }

  /// Writes the form where a count of fields and their values would stand; no such count is this large.
  func write(into out: inout KeyBytes) {
    out.setCount(1 << 31, at: out.appendCount())
    let halves = unsafeBitCast(weights, to: SIMD2<UInt64>.self)
    out.append(halves.x)
    out.append(halves.y)
  }
}
