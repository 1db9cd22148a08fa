extension FieldID {
  /// Finds the identifier of a field name in any letter case; `other` when the gateway does not know the name.
  ///
  /// No allocation; a few nanoseconds.
  public init(name bytes: UnsafeRawBufferPointer) {
    self.init(name: bytes.bytes)
  }

  /// The same over a span.
  init(name: RawSpan) {
    guard name.byteCount >= 8 else {
      self = KnownNames.shared.findShort(name)
      return
    }
    self = KnownNames.shared.find(name, name.word(at: 0), 0..<name.byteCount)
  }
}
