extension CacheChange {
  /// The name of the place of everything, in a store that gateways share.
  private static let everything = "a"

  /// The name of the place in a store that gateways share of which the change makes everything worthless. There is none for
  /// what is below a path, nor for what several domains have: rather too much is worthless then.
  package func place(_ versions: AnswerVersions) -> String {
    let place: UInt32? =
      switch self {
      case .path(let path, let domain): versions.place(domain: domain, path: path)
      case .tag(let tag, let domain): versions.place(domain: domain, tag: tag)
      case .domain(let domain): versions.place(domain: domain)
      case .purge(let purge): Self.place(purge, versions)
      }
    return place.map { "\($0)" } ?? Self.everything
  }

  private static func place(_ purge: CachePurge, _ versions: AnswerVersions) -> UInt32? {
    guard let domain = purge.domain else { return nil }
    return switch purge.target {
    case .all, .prefix: versions.place(domain: domain)
    case .key(_, let path, _): versions.place(domain: domain, path: path)
    case .tag(let tag): versions.place(domain: domain, tag: tag)
    }
  }
}
