/// What several gateways tell each other.
package enum CacheChange: Sendable, Hashable {
  case purge(CachePurge)
  /// A path was changed by a write.
  case path(String, domain: String)
  /// What has a tag was changed by a write.
  case tag(String, domain: String)
  /// Anything of a domain may have been changed by writes.
  case domain(String)
}

// MARK: - As text

extension CacheChange {
  /// A longer text than this is not sent.
  private static let longest = 6000

  /// The change as JSON on one line. One that is too long becomes a change of all of its domain, which is never wrong.
  package var text: String {
    let text = TextObject.render(members)
    if text.utf8.count <= Self.longest { return text }
    return TextObject.render((domain.map { .domain($0) } ?? CacheChange.purge(CachePurge(.all))).members)
  }

  /// Reads what ``text`` gives.
  package init(_ json: some Collection<UInt8>) throws(CachePurge.Problem) {
    let members: [String: String]
    do {
      members = try TextObject.read(json)
    } catch {
      throw CachePurge.Problem(message: error.message)
    }
    if let domain = members["domain"], members.count == 2 {
      if let path = members["changed"] {
        self = .path(path, domain: domain)
        return
      }
      if let tag = members["changedTag"] {
        self = .tag(tag, domain: domain)
        return
      }
      if members["changedAll"] == "true" {
        self = .domain(domain)
        return
      }
    }
    self = .purge(try CachePurge(json, mergesSlashes: false))
  }

  private var members: [(String, String)] {
    switch self {
    case .purge(let purge): purge.members
    case .path(let path, let domain): [("changed", path), ("domain", domain)]
    case .tag(let tag, let domain): [("changedTag", tag), ("domain", domain)]
    case .domain(let domain): [("changedAll", "true"), ("domain", domain)]
    }
  }

  /// The one domain that is meant; nil for all of them.
  package var domain: String? {
    switch self {
    case .purge(let purge): purge.domain
    case .path(_, let domain), .tag(_, let domain), .domain(let domain): domain
    }
  }
}
