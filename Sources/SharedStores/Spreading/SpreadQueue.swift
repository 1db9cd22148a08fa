import GatewayKit
import NIOCore

/// A change that other gateways are to be told.
struct SpreadNews: Equatable {
  var change: CacheChange
  /// Its number among this gateway's changes; the least of them when it stands for several.
  var number: UInt64
}

/// Changes that other gateways are to be told, each once, in a bounded number, in the order of their numbers. A value
/// without connection.
///
/// When there are too many, those of one domain become one change, of everything that it has; only when too many domains
/// have some does that become everything of all.
struct SpreadQueue {
  /// How many changes wait at most.
  static let most = 1024
  /// More than these when each domain has one are everything of all.
  private static let mostDomains = 768

  private var news = CircularBuffer<SpreadNews>()
  /// The same, to be found.
  private var known: Set<CacheChange> = []

  init() {}

  var isEmpty: Bool { news.isEmpty }
  var count: Int { news.count }
  /// The number of the change that has waited longest.
  var first: UInt64? { news.first?.number }
  /// The number of the newest change that was ever taken, whether or not it waits as one of its own.
  private(set) var newest: UInt64 = 0

  /// Takes a change, unless one that waits does the same.
  mutating func append(_ new: SpreadNews) {
    newest = max(newest, new.number)
    guard !isCovered(new.change) else { return }
    if news.count >= Self.most { collapse() }
    guard !isCovered(new.change) else { return }
    add(new)
  }

  /// Takes all that waits in another.
  mutating func append(contentsOf other: SpreadQueue) {
    for new in other.news { append(new) }
    newest = max(newest, other.newest)
  }

  /// Takes a change back that was taken out. It waits where it did, also when another that waits does the same: whoever
  /// goes by numbers must not take it for told.
  mutating func putBack(_ old: SpreadNews) {
    if news.count >= Self.most { collapse() }
    let index = news.firstIndex { $0.number > old.number } ?? news.endIndex
    news.insert(old, at: index)
    known.insert(old.change)
  }

  /// Takes the change that has waited longest.
  mutating func popFirst() -> SpreadNews? {
    guard let first = news.popFirst() else { return nil }
    known.remove(first.change)
    return first
  }

  private static let everything = CacheChange.purge(CachePurge(.all))

  private func isCovered(_ change: CacheChange) -> Bool {
    if known.isEmpty { return false }
    if known.contains(change) || known.contains(Self.everything) { return true }
    return change.domain.map { known.contains(.domain($0)) } ?? false
  }

  private mutating func add(_ new: SpreadNews) {
    news.append(new)
    known.insert(new.change)
  }

  private mutating func collapse() {
    var counts: [String: Int] = [:]
    for new in news { if let domain = new.change.domain { counts[domain, default: 0] += 1 } }
    let old = takeAll()
    for var new in old {
      if let domain = new.change.domain, counts[domain, default: 0] > 1 { new.change = .domain(domain) }
      if !isCovered(new.change) { add(new) }
    }
    guard news.count > Self.mostDomains, let first else { return }
    _ = takeAll()
    add(SpreadNews(change: Self.everything, number: first))
  }

  private mutating func takeAll() -> CircularBuffer<SpreadNews> {
    defer {
      news.removeAll(keepingCapacity: true)
      known.removeAll(keepingCapacity: true)
    }
    return news
  }
}
