import HTTPWire

/// What the head of a response says that a cache goes by. Values only, so that the rules can be judged without a socket.
struct ResponseFacts: Equatable {
  var status: UInt16 = 200
  var directives = ResponseDirectives()
  /// Whether ``directives`` come from a field for this kind of cache (RFC 9213): Expires does not count then.
  var isTargeted = false
  /// Seconds since 1970; nil when there is none, or no date.
  var date: Int64?
  var lastModified: Int64?
  /// Whether there is an Expires field, whatever it says.
  var hasExpires = false
  /// Seconds since 1970; nil for what is no date, which means the past (RFC 9111 section 5.3).
  var expires: Int64?
  /// Seconds; an invalid Age is ignored (section 5.1).
  var age: Int64 = 0
  var hasSetCookie = false
  var hasContentRange = false

  init() {}

  /// - Parameter now: wall-clock seconds.
  init(_ response: ResponseHead, targeted: [String], now: Int64) {
    let block = response.block
    status = response.status
    if let found = TargetedControl.read(block, names: targeted) {
      (directives, isTargeted) = (found, true)
    } else {
      directives = ResponseDirectives(block)
    }
    date = Self.date(.date, of: block, now: now)
    lastModified = Self.date(.lastModified, of: block, now: now)
    hasExpires = block.first(.expires) != nil
    // Two of them are none (section 4.2.1).
    expires = block.count(of: .expires) == 1 ? Self.date(.expires, of: block, now: now) : nil
    age = Self.age(of: block)
    hasSetCookie = block.first(.setCookie) != nil
    hasContentRange = block.first(.contentRange) != nil
  }

  private static func date(_ id: FieldID, of block: FieldBlock, now: Int64) -> Int64? {
    block.withValue(of: id) { HTTPDate.seconds(of: $0, now: now) } ?? nil
  }

  /// The first member of a list counts (section 5.1).
  static func age(of block: FieldBlock) -> Int64 {
    block.withValue(of: .age) { value in
      let end = value.firstIndex(of: UInt8(ascii: ",")) ?? value.endIndex
      return DeltaSeconds.read(ListScanner.trim(value[..<end])) ?? 0
    } ?? 0
  }
}
