import HTTPWire

/// The directives of Cache-Control that count here (RFC 9111 section 5.2), of a request or a response.
struct CacheControl: Equatable {
  var noStore = false
  var noCache = false
  var isPrivate = false
  var onlyIfCached = false
  /// Seconds; what is there but no number counts as 0, for it can only mean less.
  var maxAge: Int64?
  var sharedMaxAge: Int64?
  var minFresh: Int64?

  /// Reads all Cache-Control fields of a message.
  init(_ block: FieldBlock) {
    guard block.present.contains(.cacheControl) else { return }
    for index in block.fields.indices where block.fields[index].id == .cacheControl && !block.fields[index].isRemoved {
      block.withValue(index) { read($0) }
    }
  }

  init() {}

  /// Reads one field's value. `no-cache="x-field"` and the like count as the directive without an argument, which asks
  /// for more.
  mutating func read(_ value: UnsafeRawBufferPointer) {
    ListScanner.forEach(in: value) { element in
      let split = element.firstIndex(of: UInt8(ascii: "=")) ?? element.endIndex
      let name = ListScanner.trim(element[..<split])
      let argument = split < element.endIndex ? ListScanner.trim(element[(split + 1)...]) : element[split...]
      note(name, argument)
    }
  }

  private mutating func note(_ name: Slice<UnsafeRawBufferPointer>, _ argument: Slice<UnsafeRawBufferPointer>) {
    if Self.equal(name, "no-store") { noStore = true }
    if Self.equal(name, "no-cache") { noCache = true }
    if Self.equal(name, "private") { isPrivate = true }
    if Self.equal(name, "only-if-cached") { onlyIfCached = true }
    if Self.equal(name, "max-age") { maxAge = min(maxAge ?? .max, Self.seconds(argument)) }
    if Self.equal(name, "s-maxage") { sharedMaxAge = min(sharedMaxAge ?? .max, Self.seconds(argument)) }
    if Self.equal(name, "min-fresh") { minFresh = max(minFresh ?? 0, Self.seconds(argument)) }
  }

  private static func equal(_ name: Slice<UnsafeRawBufferPointer>, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { OctetClass.equalIgnoringCase(name, $0) }
  }

  /// delta-seconds (RFC 9111 section 1.2.2), in quotes too; a century is the most.
  static func seconds(_ text: Slice<UnsafeRawBufferPointer>) -> Int64 {
    var text = text
    if text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") {
      text = text.dropFirst().dropLast()
    }
    var value: Int64 = 0
    guard !text.isEmpty else { return 0 }
    for octet in text {
      guard octet >= 0x30, octet <= 0x39 else { return 0 }
      value = min(value * 10 + Int64(octet - 0x30), 3_153_600_000)
    }
    return value
  }
}

/// Reads comma-separated lists (RFC 9110 section 5.6.1); commas in quoted strings do not separate.
enum ListScanner {
  static func forEach(in value: UnsafeRawBufferPointer, _ body: (Slice<UnsafeRawBufferPointer>) -> Void) {
    var start = 0
    var index = 0
    var isQuoted = false
    while index < value.count {
      let octet = value[index]
      if isQuoted, octet == UInt8(ascii: "\\") {
        index += 1
      } else if octet == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if octet == UInt8(ascii: ","), !isQuoted {
        visit(value[start..<index], body)
        start = index + 1
      }
      index += 1
    }
    visit(value[start..<value.count], body)
  }

  private static func visit(
    _ element: Slice<UnsafeRawBufferPointer>, _ body: (Slice<UnsafeRawBufferPointer>) -> Void
  ) {
    let element = trim(element)
    if !element.isEmpty { body(element) }
  }

  static func trim(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    var text = text
    while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
  }
}
