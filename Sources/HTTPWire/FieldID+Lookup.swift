extension FieldID {
  /// Finds the identifier of a field name in any letter case; `other` when the gateway does not know the name.
  ///
  /// No allocation; a few nanoseconds.
  public init(name bytes: UnsafeRawBufferPointer) {
    self.init(name: bytes.bytes)
  }

  /// The same over a span. A name that is found is also proven to be a token, since every known name is one.
  init(name: RawSpan) {
    var slot = FieldTable.slot(of: name)
    while true {
      let number = fieldTable[slot]
      guard number != 0, let candidate = FieldID(rawValue: number) else {
        self = .other
        return
      }
      if candidate.name.equalsIgnoringCase(name) {
        self = candidate
        return
      }
      slot = (slot &+ 1) & (FieldTable.size - 1)
    }
  }
}

/// An open hash table from names to identifiers; built once from `FieldID.name`, so the two cannot disagree.
private enum FieldTable {
  static let size = 512

  /// Length, first, middle and last letter tell the known names apart with next to no collisions.
  @inline(__always)
  static func slot(of name: RawSpan) -> Int {
    let count = name.byteCount
    guard count > 0 else { return 0 }
    let first = Int(name[at: 0] | 0x20)
    let middle = Int(name[at: count / 2] | 0x20)
    let last = Int(name[at: count &- 1] | 0x20)
    return (count &* 37 &+ first &* 5 &+ middle &* 91 &+ last &* 11) & (size - 1)
  }

  static func build() -> InlineArray<512, UInt8> {
    var table = InlineArray<512, UInt8>(repeating: 0)
    for id in FieldID.allCases where id != .other {
      id.name.withUTF8Buffer { name in
        var index = slot(of: UnsafeRawBufferPointer(name).bytes)
        while table[index] != 0 { index = (index + 1) & (size - 1) }
        table[index] = id.rawValue
      }
    }
    return table
  }
}

private let fieldTable = FieldTable.build()
