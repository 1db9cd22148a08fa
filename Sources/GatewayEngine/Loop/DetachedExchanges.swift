/// The exchanges of the gateway's own on one loop: a bounded number in all, and for each domain.
struct DetachedExchanges {
  private let most: Int
  private let mostOfDomain: Int
  private var running: [ObjectIdentifier: DetachedExchange] = [:]
  private var byDomain: [Int: Int] = [:]

  init(most: Int, mostOfDomain: Int) {
    self.most = most
    self.mostOfDomain = mostOfDomain
  }

  /// Whether a domain may have one more.
  func hasRoom(for domain: Int) -> Bool {
    running.count < most && byDomain[domain, default: 0] < mostOfDomain
  }

  mutating func add(_ exchange: DetachedExchange) {
    running[ObjectIdentifier(exchange)] = exchange
    byDomain[exchange.domain, default: 0] += 1
  }

  /// False when it is not there any more.
  mutating func remove(_ exchange: DetachedExchange) -> Bool {
    guard running.removeValue(forKey: ObjectIdentifier(exchange)) != nil else { return false }
    let left = byDomain[exchange.domain, default: 1] - 1
    byDomain[exchange.domain] = left > 0 ? left : nil
    return true
  }

  var all: [DetachedExchange] { Array(running.values) }
}
