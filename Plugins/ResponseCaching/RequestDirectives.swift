import HTTPWire

/// What a request asks of a cache (RFC 9111 section 5.2.1). What stands there twice counts in its stricter form, and what
/// is invalid as the strictest.
struct RequestDirectives: Equatable {
  var noStore = false
  var noCache = false
  var onlyIfCached = false
  /// Seconds that the answer may be old.
  var maxAge: Int64?
  /// Seconds for which it must stay fresh.
  var minFresh: Int64?
  /// Seconds for which it may have been stale.
  var maxStale: Int64?
  /// Seconds for which it may have been stale when the origin fails (RFC 5861 section 4).
  var staleIfError: Int64?

  init() {}

  /// Reads all fields of a request. `Pragma: no-cache` counts when there is no Cache-Control (section 5.4).
  init(_ block: FieldBlock) {
    if !block.present.contains(.cacheControl) {
      noCache = Self.hasPragma(block)
      return
    }
    var read = self
    if !Directive.forEach(in: block, { read.note($0) }) { read.noStore = true }
    self = read
  }

  /// Whether `Pragma` says `no-cache`, or what nobody can read; whatever else it says means nothing.
  private static func hasPragma(_ block: FieldBlock) -> Bool {
    guard block.present.contains(.pragma) else { return false }
    var isThere = false
    for index in block.fields.indices where block.fields[index].id == .pragma && !block.fields[index].isRemoved {
      block.withValue(index) { value in
        let isClosed = ListScanner.forEach(in: value) { directive in
          if OctetClass.equalIgnoringCase(directive, "no-cache") { isThere = true }
        }
        if !isClosed { isThere = true }
      }
    }
    return isThere
  }

  /// Reads one field's value.
  mutating func read(_ value: UnsafeRawBufferPointer) {
    var (read, count) = (self, 0)
    if !Directive.forEach(in: value, count: &count, { read.note($0) }) { read.noStore = true }
    self = read
  }

  private mutating func note(_ directive: Directive) {
    if directive.isNamed("no-store") { noStore = true }
    if directive.isNamed("no-cache") { noCache = true }
    if directive.isNamed("only-if-cached") { onlyIfCached = true }
    if directive.isNamed("max-age") { maxAge = min(maxAge ?? .max, directive.seconds ?? 0) }
    if directive.isNamed("min-fresh") { minFresh = max(minFresh ?? 0, directive.seconds ?? DeltaSeconds.most) }
    // Without an argument any age will do (section 5.2.1.2).
    if directive.isNamed("max-stale") {
      maxStale = min(maxStale ?? .max, directive.isBare ? DeltaSeconds.most : directive.seconds ?? 0)
    }
    if directive.isNamed("stale-if-error") { staleIfError = min(staleIfError ?? .max, directive.seconds ?? 0) }
  }

  /// Forgets what the organisation does not let its clients ask for.
  mutating func keep(only honoured: HonouredDirectives) {
    if !honoured.contains(.noStore) { noStore = false }
    if !honoured.contains(.noCache) { noCache = false }
    if !honoured.contains(.onlyIfCached) { onlyIfCached = false }
    if !honoured.contains(.maxAge) { maxAge = nil }
    if !honoured.contains(.minFresh) { minFresh = nil }
    if !honoured.contains(.maxStale) { maxStale = nil }
    if !honoured.contains(.staleIfError) { staleIfError = nil }
  }
}

extension RequestDirectives {
  /// Whether the client says how fresh the answer has to be.
  var isParticular: Bool { noCache || maxAge != nil || minFresh != nil }

  /// Whether the client takes an answer of this age (RFC 9111 sections 5.2.1.1 and 5.2.1.3).
  func accepts(_ response: CachedResponse, _ now: Int64) -> Bool {
    if let most = maxAge, now &- response.born > DeltaSeconds.nanoseconds(most) { return false }
    guard let least = minFresh else { return true }
    return response.expires &- now >= DeltaSeconds.nanoseconds(least)
  }

  /// For how many nanoseconds after its freshness the client takes this answer when the origin fails. What it says itself
  /// counts as with `max-stale`: where the answer may be given stale at all it may ask for more than others get; it may
  /// always ask for less. Who says how fresh it has to be takes none.
  func helpOnError(_ response: CachedResponse) -> Int64 {
    if isParticular { return .min }
    guard let staleIfError else { return response.grace.onError }
    let wanted = DeltaSeconds.nanoseconds(staleIfError)
    return response.allowsStale ? wanted : min(wanted, response.grace.onError)
  }
}

extension RequestDirectives {
  /// What the request makes of an answer that is kept for it.
  func taking(_ response: CachedResponse, isFresh: Bool, _ now: Int64) -> CacheTable.Taking {
    if isFresh { return !noCache && accepts(response, now) ? .asItIs : .not }
    let stale = now &- response.expires
    // Only who says so takes an answer that is stale (RFC 9111 section 4.2.4).
    if response.allowsStale, !noCache, let most = maxStale, accepts(response, now),
      stale <= DeltaSeconds.nanoseconds(most)
    {
      return .asItIs
    }
    return !isParticular && stale < response.grace.whileAsking ? .whileAsking : .not
  }
}

/// Which directives of requests count.
package struct HonouredDirectives: OptionSet, Sendable, Hashable {
  /// The bits.
  package let rawValue: UInt8

  /// A set of these bits.
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  static let noStore = HonouredDirectives(rawValue: 1)
  static let noCache = HonouredDirectives(rawValue: 2)
  static let onlyIfCached = HonouredDirectives(rawValue: 4)
  static let maxAge = HonouredDirectives(rawValue: 8)
  static let minFresh = HonouredDirectives(rawValue: 16)
  static let maxStale = HonouredDirectives(rawValue: 32)
  static let staleIfError = HonouredDirectives(rawValue: 64)
}
