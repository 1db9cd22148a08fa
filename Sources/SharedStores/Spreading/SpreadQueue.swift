import GatewayKit
import NIOCore

/// Changes that other gateways are to be told, each once, in a bounded number. A value without connection.
///
/// When there are too many, those of one domain become one change, of everything that it has; only when too many domains
/// have some does that become everything of all.
struct SpreadQueue {
  /// How many changes wait at most.
  static let most = 1024
  /// More than these when each domain has one are everything of all.
  private static let mostDomains = 768

  private var changes = CircularBuffer<CacheChange>()
  /// The same, to be found.
  private var known: Set<CacheChange> = []

  init() {}

  var isEmpty: Bool { changes.isEmpty }
  var count: Int { changes.count }

  /// Takes a change, unless one that waits does the same.
  mutating func append(_ change: CacheChange) {
    guard !isCovered(change) else { return }
    if changes.count >= Self.most { collapse() }
    guard !isCovered(change) else { return }
    add(change)
  }

  /// Takes the change that has waited longest.
  mutating func popFirst() -> CacheChange? {
    guard let change = changes.popFirst() else { return nil }
    known.remove(change)
    return change
  }

  private static let everything = CacheChange.purge(CachePurge(.all))

  private func isCovered(_ change: CacheChange) -> Bool {
    if known.isEmpty { return false }
    if known.contains(change) || known.contains(Self.everything) { return true }
    return change.domain.map { known.contains(.domain($0)) } ?? false
  }

  private mutating func add(_ change: CacheChange) {
    changes.append(change)
    known.insert(change)
  }

  private mutating func collapse() {
    var counts: [String: Int] = [:]
    for change in changes { if let domain = change.domain { counts[domain, default: 0] += 1 } }
    let old = changes
    changes.removeAll(keepingCapacity: true)
    known.removeAll(keepingCapacity: true)
    for change in old {
      let change = change.domain.flatMap { counts[$0, default: 0] > 1 ? CacheChange.domain($0) : nil } ?? change
      if !isCovered(change) { add(change) }
    }
    guard changes.count > Self.mostDomains else { return }
    changes.removeAll(keepingCapacity: true)
    known.removeAll(keepingCapacity: true)
    add(Self.everything)
  }
}
