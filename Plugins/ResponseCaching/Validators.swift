import HTTPWire

/// What tells one state of a resource from another (RFC 9110 section 8.8), as it is kept with an answer.
struct Validators: Sendable, Equatable {
  /// The entity tag as it was sent; empty when there is none, or no single one.
  var tag: [UInt8] = []
  /// Seconds since 1970.
  var lastModified: Int64?
  /// When the answer was made, in seconds since 1970; for who sent no Last-Modified (RFC 9111 section 4.3.2).
  var date: Int64 = 0

  init() {}

  /// - Parameters:
  ///   - left: fields that the answer does not have here: what no client sees, no client can compare with.
  ///   - now: wall-clock seconds.
  init(_ block: FieldBlock, without left: FieldSelection, now: Int64) {
    if block.count(of: .etag) == 1, !left.contains(anyOf: [.etag]) {
      tag = block.withValue(of: .etag) { EntityTag.isOne($0) ? Array($0) : [] } ?? []
    }
    if !left.contains(anyOf: [.lastModified]) { lastModified = Self.date(.lastModified, of: block, now) }
    date = Self.date(.date, of: block, now) ?? now
  }

  private static func date(_ id: FieldID, of block: FieldBlock, _ now: Int64) -> Int64? {
    block.withValue(of: id) { HTTPDate.seconds(of: $0, now: now) } ?? nil
  }

  /// Whether the origin can be asked whether the answer is still the current one.
  var canBeAsked: Bool { !tag.isEmpty || lastModified != nil }

  /// Whether the resource is not newer than that (RFC 9111 section 4.3.2).
  func isUnmodified(since seconds: Int64) -> Bool { (lastModified ?? date) <= seconds }

  /// Whether this is the time of the last change and tells states apart: a resource may change twice in the second in
  /// which the answer was made (RFC 9110 section 8.8.2.2).
  func isStrongly(_ seconds: Int64) -> Bool { lastModified == seconds && date > seconds }
}
