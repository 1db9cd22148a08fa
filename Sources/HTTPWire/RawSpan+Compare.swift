extension RawSpan {
  /// Whether the bytes are those of the text.
  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { wanted in
      guard wanted.count == byteCount else { return false }
      return withUnsafeBytes { bytes in bytes.elementsEqual(wanted) }
    }
  }

  /// Whether the bytes are equal when the case of ASCII letters does not count.
  func equalsIgnoringCase(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    var offset = 0
    while offset < byteCount {
      guard self[at: offset].lowercasedASCII == other[at: offset].lowercasedASCII else { return false }
      offset &+= 1
    }
    return true
  }
}

extension StaticString {
  /// Whether a peer's bytes are this name in any letter case. The name must be made of letters, digits and hyphens.
  @inline(__always)
  func equalsIgnoringCase(_ name: RawSpan) -> Bool {
    let known = UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount).bytes
    let count = known.byteCount
    guard name.byteCount == count else { return false }
    guard count >= 8 else { return name.equalsIgnoringCase(known) }
    var offset = 0
    while offset &+ 8 < count {
      guard Word.equalIgnoringCase(name.word(at: offset), known: known.word(at: offset)) else { return false }
      offset &+= 8
    }
    return Word.equalIgnoringCase(name.word(at: count &- 8), known: known.word(at: count &- 8))
  }
}

extension RawSpan {
  /// Whether the bytes are those of the text when the case of ASCII letters does not count.
  func equalsFoldingCase(_ text: StaticString) -> Bool {
    equalsIgnoringCase(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).bytes)
  }
}

extension RawSpan {
  /// Whether the bytes are those of the array.
  func equals(_ octets: [UInt8]) -> Bool {
    byteCount == octets.count && withUnsafeBytes { $0.elementsEqual(octets) }
  }
}
