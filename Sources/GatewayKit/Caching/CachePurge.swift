import HTTPWire

/// What an operator wants dropped of what is kept.
package struct CachePurge: Sendable, Hashable {
  package enum Target: Sendable, Hashable {
    /// Everything.
    case all
    /// Answers for one address, of all callers: its path in the normal form, and its query as written.
    case key(authority: String?, path: String, query: String?)
    /// Answers for a path, in the normal form, and all below it.
    case prefix(String)
    /// Answers with a tag.
    case tag(String)
  }

  package let target: Target
  /// The name of the one domain that is meant; nil for all of them.
  package let domain: String?

  package init(_ target: Target, domain: String? = nil) {
    self.target = target
    self.domain = domain
  }
}

/// What went.
package struct CachePurged: Sendable, Equatable {
  package var entries = 0
  package var bytes = 0

  package init(entries: Int = 0, bytes: Int = 0) {
    self.entries = entries
    self.bytes = bytes
  }

  package static func += (left: inout CachePurged, right: CachePurged) {
    left.entries += right.entries
    left.bytes += right.bytes
  }
}

// MARK: - Judging

/// What an answer is kept for, lent for a moment.
package struct KeptAnswer {
  package typealias Text = UnsafeRawBufferPointer

  /// The query as the key has it.
  package enum Query {
    case none
    case whole(Text)
    /// Those of its parameters that count, in order.
    case parameters([Text])
  }

  package let domain: Text
  package let authority: Text
  package let path: Text
  package let query: Query
  package let mark: AnswerVersions.Mark

  package init(domain: Text, authority: Text, path: Text, query: Query, mark: AnswerVersions.Mark) {
    self.domain = domain
    self.authority = authority
    self.path = path
    self.query = query
    self.mark = mark
  }
}

extension CachePurge {
  /// Whether an answer is meant. Where the key leaves parameters out, rather one too many than one too few.
  package func reaches(_ answer: KeptAnswer, _ versions: AnswerVersions) -> Bool {
    if let domain, !answer.domain.elementsEqual(domain.utf8) { return false }
    switch target {
    case .all: return true
    case .key(let authority, let path, let query):
      guard answer.path.elementsEqual(path.utf8) else { return false }
      if let authority, !Self.isSameHost(answer.authority, authority) { return false }
      return Self.isSameQuery(answer.query, query)
    case .prefix(let prefix): return Self.isBelow(answer.path, prefix)
    case .tag(var tag):
      let hash = tag.withUTF8 { versions.hash(domain: answer.domain, tag: UnsafeRawBufferPointer($0)) }
      return answer.mark.tags.contains(hash)
    }
  }

  /// By whole segments: what is below `/me` does not include `/menu`.
  private static func isBelow(_ path: UnsafeRawBufferPointer, _ prefix: String) -> Bool {
    guard path.starts(with: prefix.utf8) else { return false }
    let rest = path.dropFirst(prefix.utf8.count)
    return rest.isEmpty || prefix.hasSuffix("/") || rest.first == UInt8(ascii: "/")
  }

  private static func isSameQuery(_ kept: KeptAnswer.Query, _ query: String?) -> Bool {
    switch kept {
    case .none: return query == nil
    case .whole(let kept): return query.map { kept.elementsEqual($0.utf8) } ?? false
    case .parameters(let kept):
      guard let query else { return false }
      // Parameters that the key leaves out stand anywhere between those that it has.
      var rest = kept[...]
      for part in query.utf8.split(separator: UInt8(ascii: "&")) {
        if let next = rest.first, next.elementsEqual(part) { rest = rest.dropFirst() }
      }
      return rest.isEmpty
    }
  }

  /// Letter case and a port that is usual make no difference.
  private static func isSameHost(_ left: UnsafeRawBufferPointer, _ right: String) -> Bool {
    withoutPort(String(decoding: left, as: UTF8.self)) == withoutPort(right)
  }

  private static func withoutPort(_ authority: String) -> Substring {
    let authority = authority.lowercased()
    for port in [":80", ":443"] where authority.hasSuffix(port) { return authority.dropLast(port.count) }
    return authority[...]
  }
}
