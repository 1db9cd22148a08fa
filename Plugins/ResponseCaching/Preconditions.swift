import HTTPWire

/// What a kept 200 comes to for a request with conditions or a range, in the order of RFC 9110 section 13.2.2.
enum Preconditions {
  /// The fields that are judged here.
  static let fields: FieldIDSet = [.ifNoneMatch, .ifModifiedSince, .range, .ifRange]

  enum Outcome: Equatable {
    case whole
    case notModified
    case part(Range<Int>)
    case unsatisfiable
  }

  /// - Parameters:
  ///   - length: bytes of the kept content.
  ///   - now: wall-clock seconds.
  static func judge(_ request: RequestHead, _ validators: Validators, length: Int, now: Int64) -> Outcome {
    let block = request.block
    if block.first(.ifNoneMatch) != nil {
      if matchesAny(block, validators) { return .notModified }
    } else if isUnmodified(block, validators, now) {
      return .notModified
    }
    guard request.method == .get, block.count(of: .range) == 1, holdsIfRange(block, validators, now) else {
      return .whole
    }
    switch block.withValue(of: .range, { RangeField($0, length: length) }) ?? .ignored {
    case .part(let range): return .part(range)
    case .unsatisfiable: return .unsatisfiable
    case .ignored: return .whole
    }
  }

  /// If-None-Match compares weakly, and `*` stands for whatever there is (section 13.1.2). A list that is none matches
  /// nothing.
  private static func matchesAny(_ block: FieldBlock, _ validators: Validators) -> Bool {
    var (isMatch, isList) = (false, true)
    for index in block.fields.indices where block.fields[index].id == .ifNoneMatch && !block.fields[index].isRemoved {
      block.withValue(index) { value in
        if value.count == 1, value[0] == UInt8(ascii: "*") { return isMatch = true }
        let isRead = EntityTag.forEach(in: value) { tag in
          if !validators.tag.isEmpty, EntityTag.matchesWeakly(validators.tag, tag) { isMatch = true }
        }
        if !isRead { isList = false }
      }
    }
    return isMatch && isList
  }

  /// If-Modified-Since (section 13.1.3); what is no single date is ignored.
  private static func isUnmodified(_ block: FieldBlock, _ validators: Validators, _ now: Int64) -> Bool {
    guard block.count(of: .ifModifiedSince) == 1 else { return false }
    let since = block.withValue(of: .ifModifiedSince) { HTTPDate.seconds(of: $0, now: now) } ?? nil
    return since.map(validators.isUnmodified) ?? false
  }

  /// If-Range compares strongly (section 13.1.5); without it a range stands by itself.
  private static func holdsIfRange(_ block: FieldBlock, _ validators: Validators, _ now: Int64) -> Bool {
    let count = block.count(of: .ifRange)
    guard count > 0 else { return true }
    guard count == 1 else { return false }
    return block.withValue(of: .ifRange) { value in
      if EntityTag.isOne(value) { return EntityTag.matchesStrongly(value, validators.tag) }
      return HTTPDate.seconds(of: value, now: now).map(validators.isStrongly) ?? false
    } ?? false
  }
}
