import GatewayKit
import HTTPWire

/// What a request says of languages, in one form: letter case and blanks make no other answer (RFC 9111 section 4.1, RFC
/// 9110 section 12.5.4). The order does: many origins take it for what the reader likes best.
enum AcceptLanguage {
  /// Writes the form of all fields of a request where a count of fields and their values would stand; false when they
  /// have none and are compared as they were sent.
  static func write(_ block: FieldBlock, into out: inout KeyBytes) -> Bool {
    guard isPlain(block) else { return false }
    // No such count is this large.
    out.setCount(1 << 31, at: out.appendCount())
    let place = out.appendCount()
    let start = out.count
    forEach(in: block) { element in
      for octet in element where !isBlank(octet) { out.append(OctetClass.lowercased(octet)) }
      out.append(UInt8(ascii: ","))
    }
    out.setCount(out.count - start, at: place)
    return true
  }

  /// Whether there are language ranges, with a weight each at most, and nothing else.
  private static func isPlain(_ block: FieldBlock) -> Bool {
    var (isPlain, isThere) = (true, false)
    let isClosed = forEach(in: block) { element in
      isThere = true
      let end = element.firstIndex(of: UInt8(ascii: ";")) ?? element.endIndex
      let range = ListScanner.trim(element[..<end])
      let weight = end < element.endIndex ? ListScanner.trim(element[(end + 1)...]) : range
      if range.isEmpty || weight.isEmpty || !range.allSatisfy(isOfRange) || !weight.allSatisfy(isOfWeight) {
        isPlain = false
      }
    }
    return isThere && isPlain && isClosed
  }

  @discardableResult
  private static func forEach(in block: FieldBlock, _ body: (Slice<UnsafeRawBufferPointer>) -> Void) -> Bool {
    var isClosed = true
    for index in block.fields.indices where FieldSelection.isNamed(name, index, of: block) {
      block.withValue(index) { if !ListScanner.forEach(in: $0, body) { isClosed = false } }
    }
    return isClosed
  }

  static let name = "accept-language"

  private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

  /// A language range (RFC 4647 section 2.1).
  private static func isOfRange(_ octet: UInt8) -> Bool {
    OctetClass.isDigit(octet) || OctetClass.lowercased(octet) &- 0x61 < 26 || octet == UInt8(ascii: "-")
      || octet == UInt8(ascii: "*")
  }

  private static func isOfWeight(_ octet: UInt8) -> Bool {
    isOfRange(octet) || octet == UInt8(ascii: "=") || octet == UInt8(ascii: ".")
  }
}
