extension PathNormalizer {
  /// What a decoded segment means to the path around it.
  enum SegmentKind {
    case empty, here, up, name
  }

  /// Tells the kind of a segment. Some origins cut parameters off before they look for dots (`..;x`), or decode an
  /// encoded slash first (`..%2F`); what would be a dot segment to them alone is refused.
  static func kind(of segment: ArraySlice<UInt8>) throws(WireError) -> SegmentKind {
    guard let first = segment.first else { return .empty }
    if first == 0x2E {
      if segment.count == 1 { return .here }
      if segment.count == 2, segment[segment.startIndex + 1] == 0x2E { return .up }
    }
    guard !hidesDots(segment) else { throw WireError(.pathAmbiguous) }
    return .name
  }

  /// Whether a part between encoded slashes or backslashes, without its parameters, is one or two dots.
  private static func hidesDots(_ segment: ArraySlice<UInt8>) -> Bool {
    var part = DotPart()
    var index = segment.startIndex
    var isCut = false
    while index < segment.endIndex {
      if isEncodedSlash(segment, index) {
        if part.isDots { return true }
        part = DotPart()
        isCut = true
        index += 3
        continue
      }
      if segment[index] == 0x3B { isCut = true }
      part.take(segment[index])
      index += 1
    }
    return isCut && part.isDots
  }

  private static func isEncodedSlash(_ segment: ArraySlice<UInt8>, _ index: Int) -> Bool {
    guard index + 2 < segment.endIndex, segment[index] == 0x25 else { return false }
    let high = segment[index + 1]
    let low = segment[index + 2]
    return (high == 0x32 && low == 0x46) || (high == 0x35 && low == 0x43)
  }

  /// Counts the dots of a part up to its parameters.
  private struct DotPart {
    private var dots = 0
    private var others = 0
    private var isInParameters = false

    var isDots: Bool { others == 0 && (dots == 1 || dots == 2) }

    mutating func take(_ octet: UInt8) {
      if octet == 0x3B { isInParameters = true }
      guard !isInParameters else { return }
      if octet == 0x2E { dots += 1 } else { others += 1 }
    }
  }
}
