package import GatewayKit

extension Gateway {
  /// The stores of answers.
  package var caches: AnswerCaches { generation.caches }

  /// What the stores of answers hold, and how often each domain was answered from them.
  ///
  /// - Parameters:
  ///   - domain: the one that is wanted; nil for all.
  ///   - now: monotonic nanoseconds.
  package func cacheReport(domain: String? = nil, now: Int64) -> CacheReport {
    caches.inspect(domain: domain, now: now)
  }

  /// The name of the domain that is called so, or that has such a host.
  package func domainName(for name: String) -> String? {
    generation.domainIndex(named: name.lowercased()).map { generation.domainFacts(at: $0).name }
  }

  /// The name of a domain that somebody may have meant.
  package func domainName(near name: String) -> String? {
    Suggestion.nearest(to: name.lowercased(), among: generation.configuration.domains.map(\.name))
  }

  /// Whether several slashes in a row count as one in every path.
  package var mergesSlashes: Bool { generation.configuration.mergesSlashes }
}
