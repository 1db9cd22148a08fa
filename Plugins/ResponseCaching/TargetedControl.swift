import HTTPWire

/// Fields that speak to one kind of cache, such as CDN-Cache-Control (RFC 9213).
enum TargetedControl {
  /// What the first of these fields says that is there and is valid; nil when none is. Cache-Control and Expires do not
  /// count beside it (section 2.2).
  static func read(_ block: FieldBlock, names: [String]) -> ResponseDirectives? {
    for name in names {
      if let directives = read(block, named: name) { return directives }
    }
    return nil
  }

  /// Several fields of a name are one dictionary, and as in every dictionary the last word counts.
  private static func read(_ block: FieldBlock, named name: String) -> ResponseDirectives? {
    var (directives, isThere, isValid) = (ResponseDirectives(), false, true)
    for index in block.fields.indices where block.fields[index].id == .other && !block.fields[index].isRemoved {
      guard block.withName(index, { OctetClass.equalIgnoringCase($0, name.utf8) }) else { continue }
      isThere = true
      block.withValue(index) { value in
        var read = directives
        if !StructuredDictionary.forEach(in: value, { read.set($0, $1) }) { isValid = false }
        directives = read
      }
    }
    return isThere && isValid ? directives : nil
  }
}

extension ResponseDirectives {
  /// Takes a member of a targeted field. A value of another type than the directive's allows nothing and forbids what it
  /// can.
  fileprivate mutating func set(_ name: Slice<UnsafeRawBufferPointer>, _ value: StructuredDictionary.Value) {
    func isNamed(_ word: StaticString) -> Bool { word.withUTF8Buffer { name.elementsEqual($0) } }
    if isNamed("no-store") { noStore = value.forbids }
    if isNamed("no-cache") { noCache = value.forbids }
    if isNamed("private") { isPrivate = value.forbids }
    if isNamed("must-revalidate") {
      mustRevalidate = value.forbids
      // As a permission (section 3.5 of RFC 9111) it must be what it says.
      if value.forbids != value.isTrue { noStore = true }
    }
    if isNamed("proxy-revalidate") { proxyRevalidate = value.forbids }
    if isNamed("must-understand") { mustUnderstand = value.isTrue }
    if isNamed("public") { isPublic = value.isTrue }
    if isNamed("max-age") { maxAge = value.seconds }
    if isNamed("s-maxage") { sharedMaxAge = value.seconds }
    if isNamed("stale-if-error") { staleIfError = value.seconds }
    if isNamed("stale-while-revalidate") { staleWhileRevalidate = value.seconds }
    allowsSharing = isPublic || sharedMaxAge != nil || mustRevalidate
  }
}

extension StructuredDictionary.Value {
  fileprivate var isTrue: Bool {
    if case .boolean(let value) = self { value } else { false }
  }

  fileprivate var forbids: Bool {
    if case .boolean(let value) = self { value } else { true }
  }

  /// 0 for what is no number of seconds.
  fileprivate var seconds: Int64 {
    if case .integer(let value) = self { min(max(value, 0), DeltaSeconds.most) } else { 0 }
  }
}
