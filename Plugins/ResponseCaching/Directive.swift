import HTTPWire

/// One directive of Cache-Control (RFC 9111 section 5.2): a name and perhaps an argument, which may be a token or a quoted
/// string whatever the directive's own text says.
struct Directive {
  let name: Slice<UnsafeRawBufferPointer>
  /// Without its quotes; nil when there is no equals sign.
  let argument: Slice<UnsafeRawBufferPointer>?
  /// Whether the argument has the form that the grammar gives it, with no blanks around the equals sign. One that has
  /// not can still forbid, never allow.
  let isStrict: Bool

  /// Nil when the name is no token: nobody knows what the sender meant.
  init?(_ element: Slice<UnsafeRawBufferPointer>) {
    guard let equals = element.firstIndex(of: UInt8(ascii: "=")) else {
      guard element.allSatisfy(OctetClass.isToken) else { return nil }
      (name, argument, isStrict) = (element, nil, true)
      return
    }
    let name = element[..<equals]
    let argument = element[(equals + 1)...]
    self.name = ListScanner.trim(name)
    guard !self.name.isEmpty, self.name.allSatisfy(OctetClass.isToken) else { return nil }
    if let unquoted = Self.unquoted(argument) {
      (self.argument, isStrict) = (unquoted, self.name.count == name.count)
    } else {
      self.argument = ListScanner.trim(argument)
      isStrict = self.name.count == name.count && !argument.isEmpty && argument.allSatisfy(OctetClass.isToken)
    }
  }

  /// What stands in the quotes; nil when that is not all there is.
  private static func unquoted(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer>? {
    guard text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") else { return nil }
    let inner = text.dropFirst().dropLast()
    return inner.contains(UInt8(ascii: "\"")) ? nil : inner
  }

  func isNamed(_ word: StaticString) -> Bool { OctetClass.equalIgnoringCase(name, word) }

  /// The argument as delta-seconds; nil when it is none or stands there in another form.
  var seconds: Int64? {
    guard isStrict, let argument else { return nil }
    return DeltaSeconds.read(argument)
  }

  /// Whether it stands there alone, as those do that take no argument.
  var isBare: Bool { argument == nil }
}

// MARK: - Reading

extension Directive {
  /// More directives than this in one message are not read.
  static let most = 64

  /// Visits the directives of all Cache-Control fields of a message.
  ///
  /// - Returns: false when some of it could not be read; it may have forbidden anything.
  static func forEach(in block: FieldBlock, _ body: (Directive) -> Void) -> Bool {
    guard block.present.contains(.cacheControl) else { return true }
    var isReadable = true
    var count = 0
    for index in block.fields.indices where block.fields[index].id == .cacheControl && !block.fields[index].isRemoved {
      block.withValue(index) { value in
        if !forEach(in: value, count: &count, body) { isReadable = false }
      }
    }
    return isReadable
  }

  /// Visits the directives of one field.
  static func forEach(
    in value: UnsafeRawBufferPointer, count: inout Int, _ body: (Directive) -> Void
  ) -> Bool {
    var isReadable = true
    var counted = count
    let isClosed = ListScanner.forEach(in: value) { element in
      counted += 1
      if counted <= most, let directive = Directive(element) { body(directive) } else { isReadable = false }
    }
    count = counted
    return isReadable && isClosed
  }
}
