package import GatewayKit
import HTTPWire
import NIOCore
import Synchronization

/// The answers that all loops share, of all domains and all settings of the plugin: the keys keep apart what must not
/// meet. In stripes with a lock each; memory is bounded for all stripes together.
package final class CacheStore: Sendable {
  private final class Stripe: Sendable {
    let table: Mutex<CacheTable>

    init(_ number: Int, ledger: CacheLedger, sketchBytes: Int, seed: UInt64) {
      table = Mutex(CacheTable(stripe: number, ledger: ledger, sketchBytes: sketchBytes, seed: seed))
    }
  }

  private let stripes: [Stripe]
  private let mask: Int
  private let seed: UInt64
  private let ledger: CacheLedger
  private let accounts: DomainAccounts
  private let lent: LentAnswers
  /// What makes answers worthless.
  package let caches: AnswerCaches
  package let counters: CacheCounters
  /// For bodies that are on their way: a quarter of the bound, beside it.
  let room: CollectingRoom

  /// Answers that are taken out with a lock held.
  private static let batch = 16
  /// How often something is dropped for an answer that is still read.
  private static let mostStillRead = 2
  /// The least that an answer takes, about: so many must go for a large one.
  private static let leastCost = 256

  /// A store in up to 64 stripes.
  package init(bounds: CacheBounds = CacheBounds(), seed: UInt64, caches: AnswerCaches, counters: CacheCounters) {
    var count = 1
    while count < 64, bounds.size / (count * 2) >= 1 << 19 { count *= 2 }
    mask = count - 1
    let ledger = CacheLedger(bounds, slack: count * CacheTable.growth)
    stripes = (0..<count).map { number in
      // Twenty counters or more for each of the smallest answers: what is remembered of those that are not there decides who stays.
      Stripe(
        number, ledger: ledger, sketchBytes: bounds.size / count / 64, seed: seed &+ UInt64(number))
    }
    self.ledger = ledger
    lent = LentAnswers(ledger)
    self.seed = seed
    self.counters = counters
    accounts = DomainAccounts(stripes: count, seed: seed)
    self.caches = caches
    room = CollectingRoom(bound: bounds.size / 4, seed: seed)
  }

  /// Takes other bounds. Where they are smaller, what is too much goes with the next answers that are kept.
  func adopt(_ bounds: CacheBounds) {
    ledger.adopt(bounds)
    room.adopt(bound: bounds.size / 4)
  }

  package func hash(_ key: UnsafeRawBufferPointer) -> UInt64 { ByteHash.hash(key, seed: seed) }

  /// The freshest answer for a key and a request.
  ///
  /// - Parameter directives: what a client's request says, by which it takes the answer or not and hits are counted.
  func find(
    _ hash: UInt64, _ key: UnsafeRawBufferPointer, _ block: FieldBlock, now: Int64,
    for directives: RequestDirectives? = nil
  ) -> CacheTable.Found {
    // Outlives the lock.
    var gone: CachedResponse?
    let found = stripe(hash).table.withLock {
      $0.find(hash, key, block, now: now, versions: caches.versions, gone: &gone, for: directives)
    }
    letGo(&gone)
    return found
  }

  /// Whether a request without fields would find a fresh answer; for measurements.
  package func has(_ key: UnsafeRawBufferPointer, now: Int64) -> Bool {
    if case .fresh = find(hash(key), key, FieldBlock(), now: now) { true } else { false }
  }

  /// Notes that there is nothing for a request of a domain; what comes of it after all is noted in the account.
  @discardableResult
  func countMiss(of domain: DomainFacts) -> DomainAccount {
    counters.misses.add()
    let account = domain.key.withUnsafeReadableBytes { self.account(of: $0) }
    account.misses.wrappingAdd(1, ordering: .relaxed)
    return account
  }

  /// Notes that a request that has waited for another one's got a stale answer, since the origin has failed.
  func countHelp(of domain: DomainFacts) {
    domain.key.withUnsafeReadableBytes { account(of: $0) }.pastStale.wrappingAdd(1, ordering: .relaxed)
  }

  /// Whether nothing was changed that an answer is about, and it was not purged since a time at which it was good.
  func isCurrent(_ response: CachedResponse, since time: UInt64) -> Bool {
    let versions = caches.versions
    guard versions.isCurrent(response.version) else { return false }
    return !caches.purges.holds(since: time) { purge in response.withKept { purge.reaches($0, versions) } }
  }

  /// Drops an answer that the origin takes back.
  func remove(_ response: CachedResponse) {
    var gone = stripe(response.hash).table.withLock { $0.remove(response) }
    letGo(&gone)
  }

  /// Bytes in use and answers kept, counted one stripe after the other.
  package var usage: (bytes: Int, entries: Int) {
    (ledger.used, stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.count } })
  }

  /// Bytes of answers that were dropped and are still being read; they are among those in use.
  package var lentBytes: Int {
    lent.look()
    return ledger.lent
  }

  /// Lets go of an answer that was taken out.
  private func letGo(_ one: inout CachedResponse?) {
    guard one != nil else { return }
    var removed: [CachedResponse] = []
    if let gone = one.take() { removed.append(gone) }
    lent.letGo(&removed) { account(of: $0) }
  }

  private func account(of response: CachedResponse) -> DomainAccount {
    response.domain.withUnsafeBytes { account(of: $0) }
  }

  private func stripe(_ hash: UInt64) -> Stripe { stripes[Int(truncatingIfNeeded: hash >> 48) & mask] }

  func account(of domain: UnsafeRawBufferPointer) -> DomainAccount {
    accounts.account(of: domain) { ledger.charge($0) }
  }
}

// MARK: - Keeping

extension CacheStore {
  /// Bytes that it may take.
  var budget: Int { ledger.bound }

  /// Whether an answer takes more than any may.
  func isTooLarge(_ response: CachedResponse) -> Bool { response.cost > ledger.largest }

  /// Keeps an answer, unless what it is about was changed or purged since its request began, or there is no room for it;
  /// false then. Purges are judged under the lock: one is known before it looks through what is kept, so one of the two
  /// sees the other.
  ///
  /// - Parameters:
  ///   - mostVariants: answers under one key that differ by what `Vary` names.
  ///   - hasOldBody: whether its body is another answer's.
  @discardableResult
  package func insert(_ response: CachedResponse, mostVariants: Int = 8, hasOldBody: Bool = false) -> Bool {
    guard caches.versions.isCurrent(response.version) else { return false }
    let account = account(of: response)
    // Outlives the lock, so that what is dropped ends without it.
    var removed: [CachedResponse] = []
    let isRoom = makeRoom(for: response, of: account)
    let time = hasOldBody ? lent.time : 0
    let isKept = stripe(response.hash).table.withLock { table in
      guard isRoom, isCurrent(response, since: response.version.began) else {
        table.removeReplaced(by: response, mostVariants: mostVariants, into: &removed)
        return false
      }
      table.insert(response, of: account, mostVariants: mostVariants, into: &removed)
      return true
    }
    if isKept, hasOldBody { lent.takeBack(bodyOf: response, from: removed, before: time) }
    lent.letGo(&removed, keeping: isKept ? response : nil) { self.account(of: $0) }
    if isKept { counters.stored.add() } else if isRoom { ledger.giveBack(response.cost) }
    return isKept
  }

  /// Takes the room for an answer, and takes out others for that: at most in proportion to its size, a few at a time, in
  /// its own stripe first.
  private func makeRoom(for response: CachedResponse, of account: DomainAccount) -> Bool {
    guard !isTooLarge(response) else { return refuse(counters.tooLarge) }
    var steps = Self.batch + response.cost / Self.leastCost
    var (number, empty) = (Int(truncatingIfNeeded: response.hash >> 48) & mask, 0)
    var stillRead = 0
    lent.look(at: Self.batch)
    if ledger.lendsTooMuch(account, for: response.cost) { return refuse(counters.noRoom) }
    while !ledger.reserve(response.cost) {
      // What is dropped and still read makes no room yet: to drop more and more would leave nothing.
      guard steps > 0, empty <= mask, stillRead < Self.mostStillRead else { return refuse(counters.noRoom) }
      lent.look(at: Self.batch)
      var removed: [CachedResponse] = []
      let eviction = stripes[number].table.withLock {
        $0.evict(
          for: account, response.cost, most: min(steps, Self.batch), now: response.stored, caches.versions,
          into: &removed)
      }
      count(eviction)
      steps -= max(1, removed.count)
      if removed.isEmpty { (number, empty) = ((number + 1) & mask, empty + 1) }
      if lent.letGo(&removed, { self.account(of: $0) }) > 0 { stillRead += 1 }
    }
    return true
  }

  private func refuse(_ counter: Counter) -> Bool {
    counter.add()
    return false
  }

  private func count(_ eviction: CacheTable.Eviction) {
    if eviction.displaced > 0 { counters.evicted.add(UInt64(eviction.displaced)) }
    if eviction.rejected > 0 { counters.unpopular.add(UInt64(eviction.rejected)) }
  }
}

// MARK: - Looking after

extension CacheStore {
  /// Takes out the answers for which `isRemoved` says so. It is asked with a lock held, so it must be quick and must not
  /// ask the store. What is kept while this runs may be missed.
  package func removeAll(where isRemoved: (CachedResponse) -> Bool) -> CacheRemoval {
    var removal = CacheRemoval()
    walk { entry in
      guard isRemoved(entry) else { return false }
      removal.entries += 1
      removal.bytes += entry.cost
      return true
    }
    return removal
  }

  /// What is kept by domain, at most so many of them apart.
  ///
  /// - Parameter domain: the one that is wanted; nil for all.
  package func inspect(domain: String? = nil, now: Int64, most: Int = 100) -> CacheInspection {
    var parts: [[UInt8]: CacheInspection.Part] = [:]
    let wanted = domain.map { Array($0.utf8) }
    let accounts = accounts.all.filter { wanted == nil || wanted == $0.name }
    for (account, uses) in zip(accounts, uses(of: accounts)) { parts[account.name, default: .init()].uses = uses }
    walk { entry in
      if let wanted, !entry.domain.elementsEqual(wanted) { return false }
      parts[Array(entry.domain), default: .init()].add(entry, now: now)
      return false
    }
    return CacheInspection(parts, most: most)
  }

  /// What came of the requests of each, in steps that hold one lock for a short time.
  private func uses(of accounts: [DomainAccount]) -> [CacheUses] {
    var uses = accounts.map(\.uses)
    for stripe in stripes {
      for start in stride(from: 0, to: accounts.count, by: Self.accountsAtOnce) {
        stripe.table.withLock { table in
          for index in start..<min(start + Self.accountsAtOnce, accounts.count) {
            let hits = table.hits(of: accounts[index])
            uses[index].hits &+= hits.fresh
            uses[index].stale &+= hits.stale
          }
        }
      }
    }
    return uses
  }

  private static let accountsAtOnce = 256

  /// Shows every answer, in steps that hold one lock for a short time.
  private func walk(_ isRemoved: (CachedResponse) -> Bool) {
    for stripe in stripes {
      var place: Int? = 0
      while let start = place {
        var removed: [CachedResponse] = []
        place = stripe.table.withLock { $0.walk(from: start, places: 64, into: &removed, isRemoved) }
        lent.letGo(&removed) { account(of: $0) }
      }
    }
  }
}
