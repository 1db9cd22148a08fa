import Foundation

/// Somebody who got what was made for somebody else.
struct CanaryLeak: Hashable, Sendable {
  let viewer: CanaryCaller.Kind
  let owner: CanaryCaller.Kind
  let cacheStatus: String
}

/// What became of one target.
struct CanaryResult: Sendable {
  let target: CanaryTarget
  var requests = 0
  /// Answers that came from a cache.
  var hits = 0
  /// Answers that were made for another caller of the same class.
  var shared = 0
  /// What the first caller was told.
  var statuses: Set<Int> = []
  var leaks: Set<CanaryLeak> = []

  init(_ target: CanaryTarget) { self.target = target }

  var share: String { target.shares.joined(separator: "+") }

  /// Why nothing was tested; nil when something was.
  var untested: String? {
    guard statuses.contains(200) else {
      return "refused (\(statuses.sorted().map(String.init).joined(separator: ", ")))"
    }
    return hits == 0 ? "never kept" : nil
  }

  var verdict: String { leaks.isEmpty ? untested.map { "untested: \($0)" } ?? "ok" : "LEAK" }
}

/// What came of all.
struct CanaryReport {
  let results: [CanaryResult]

  var leaking: [CanaryResult] { results.filter { !$0.leaks.isEmpty } }
  var tested: [CanaryResult] { results.filter { $0.untested == nil } }

  /// The first of those that were not tested; empty when all were.
  var untestedNames: String {
    let names = results.filter { $0.untested != nil }.map { "\($0.target.domain) \($0.target.path)" }
    let rest = names.count > 10 ? " and \(names.count - 10) more" : ""
    return names.prefix(10).joined(separator: ", ") + rest
  }

  /// Leaks in words, one after the other.
  var leakLines: [String] {
    leaking.flatMap { result in
      result.leaks.map { leak in
        "LEAK: \(result.target.domain) GET \(result.target.path) (route \(result.target.pattern), share: \(result.share)): "
          + "the \(leak.viewer.rawValue) caller got the answer that was made for the \(leak.owner.rawValue) caller"
      }.sorted()
    }
  }

  static let words = """
    first and second have the same scopes, wider has one more, powerless has none that counts, anonymous has no token, \
    foreign is of another domain.
    """

  static let advice = """
    If the origin answers by who asks, write share: token there. If everybody may have the same answer, say so with \
    --open and the route's path.
    """

  func json() throws -> String {
    struct Leak: Encodable {
      let viewer, owner, cacheStatus: String
    }
    struct Target: Encodable {
      let domain, route, path, share, verdict: String
      let requests, hits, shared: Int
      let leaks: [Leak]
    }
    let targets = results.map { result in
      Target(
        domain: result.target.domain, route: result.target.pattern, path: result.target.path, share: result.share,
        verdict: result.verdict, requests: result.requests, hits: result.hits, shared: result.shared,
        leaks: result.leaks.map {
          Leak(viewer: $0.viewer.rawValue, owner: $0.owner.rawValue, cacheStatus: $0.cacheStatus)
        })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(targets), as: UTF8.self)
  }
}
