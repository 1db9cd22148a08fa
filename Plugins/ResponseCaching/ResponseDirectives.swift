import HTTPWire

/// What a response says to a shared cache (RFC 9111 section 5.2.2).
///
/// Doubt is resolved the conservative way (section 4.2.1): two different ages are none, an invalid one is none, a
/// directive that takes no argument and has one forbids but does not allow, and what cannot be read forbids to store.
struct ResponseDirectives: Equatable {
  var noStore = false
  /// Without a list of fields.
  var noCache = false
  /// Without a list of fields.
  var isPrivate = false
  var mustRevalidate = false
  var proxyRevalidate = false
  var mustUnderstand = false
  var isPublic = false
  /// Seconds; 0 for what is not one number.
  var maxAge: Int64?
  var sharedMaxAge: Int64?
  /// Seconds after its freshness for which a stale answer helps when the origin fails (RFC 5861 section 4).
  var staleIfError: Int64?
  /// Seconds after its freshness for which a stale answer is given while the origin is asked (RFC 5861 section 3).
  var staleWhileRevalidate: Int64?
  /// Whether one of the directives is there that let a shared cache keep the answer to a request with credentials
  /// (section 3.5).
  var allowsSharing = false
  /// The fields that `no-cache="..."` names.
  var noCacheFields = FieldSelection()
  /// The fields that `private="..."` names.
  var privateFields = FieldSelection()

  /// More names than this in `no-cache` or `private` count as the directive without a list.
  private static let mostNames = 16

  init() {}

  /// Reads all Cache-Control fields of a response.
  init(_ block: FieldBlock) {
    var read = self
    if !Directive.forEach(in: block, { read.note($0) }) { read.doubt() }
    self = read
  }

  /// Reads one field's value.
  mutating func read(_ value: UnsafeRawBufferPointer) {
    var (read, count) = (self, 0)
    if !Directive.forEach(in: value, count: &count, { read.note($0) }) { read.doubt() }
    self = read
  }

  /// What could not be read may have been no-store, and alone.
  private mutating func doubt() { (noStore, mustUnderstand) = (true, false) }

  private mutating func note(_ directive: Directive) {
    if directive.isNamed("no-store") { noStore = true }
    if directive.isNamed("no-cache"), !Self.add(directive.argument, to: &noCacheFields) { noCache = true }
    if directive.isNamed("private"), !Self.add(directive.argument, to: &privateFields) { isPrivate = true }
    if directive.isNamed("must-revalidate") {
      mustRevalidate = true
      allowsSharing = allowsSharing || directive.isBare
    }
    if directive.isNamed("proxy-revalidate") { proxyRevalidate = true }
    if directive.isNamed("must-understand"), directive.isBare { mustUnderstand = true }
    if directive.isNamed("public"), directive.isBare { (isPublic, allowsSharing) = (true, true) }
    if directive.isNamed("stale-if-error") { staleIfError = Self.agreed(staleIfError, directive.seconds) }
    if directive.isNamed("stale-while-revalidate") {
      staleWhileRevalidate = Self.agreed(staleWhileRevalidate, directive.seconds)
    }
    if directive.isNamed("max-age") { maxAge = Self.agreed(maxAge, directive.seconds) }
    if directive.isNamed("s-maxage") {
      sharedMaxAge = Self.agreed(sharedMaxAge, directive.seconds)
      allowsSharing = allowsSharing || directive.seconds != nil
    }
  }

  private static func agreed(_ known: Int64?, _ value: Int64?) -> Int64 {
    guard let value else { return 0 }
    return known ?? value == value ? value : 0
  }

  /// Adds the names of an argument; false when it is no list of field names that may be taken at its word.
  private static func add(_ argument: Slice<UnsafeRawBufferPointer>?, to names: inout FieldSelection) -> Bool {
    guard let argument else { return false }
    var (selection, count, areNames) = (names, 0, true)
    let isClosed = ListScanner.forEach(in: UnsafeRawBufferPointer(rebasing: argument)) { name in
      count += 1
      guard count <= mostNames, name.allSatisfy(OctetClass.isToken) else { return areNames = false }
      selection.add(UnsafeRawBufferPointer(rebasing: name))
    }
    guard areNames, isClosed, count > 0, selection.count <= mostNames else { return false }
    names = selection
    return true
  }
}

extension ResponseDirectives {
  /// Whether a stale answer may be given at all (section 4.2.4): s-maxage says what proxy-revalidate says (section
  /// 5.2.2.10).
  var allowsStale: Bool { !mustRevalidate && !proxyRevalidate && !noCache && sharedMaxAge == nil }
}
