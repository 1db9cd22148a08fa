import GatewayKit
import Synchronization

/// Which answers stay when there is no room: those that are asked for often.
///
/// A new answer enters the window of its domain, a hundredth of what the domain has. When it leaves the window, it meets
/// the answer that would have to go for it and stays only when it was asked for more often (W-TinyLFU): a scan of answers
/// that nobody asks for again passes through the windows. A hit moves nothing; it counts in the slot, up to 15.
extension CacheTable {
  /// What making room has come to.
  struct Eviction {
    /// Answers that went for others.
    var displaced = 0
    /// Answers that left the window and were not popular enough to stay.
    var rejected = 0
  }

  /// Takes out up to `most` answers, until there is room for the bytes that a domain wants; they are handed over, so that
  /// they end when no lock is held.
  mutating func evict(
    for account: DomainAccount, _ bytes: Int, most: Int, now: Int64, _ versions: AnswerVersions,
    into removed: inout [CachedResponse]
  ) -> Eviction {
    var eviction = Eviction()
    for _ in 0..<most where !ledger.hasRoom(for: bytes) {
      guard let (link, isRejected) = victim(for: account, bytes, now, versions), let gone = remove(link) else { break }
      removed.append(gone)
      if isRejected { eviction.rejected += 1 } else { eviction.displaced += 1 }
    }
    return eviction
  }

  /// The answer that goes next; nil when those who must give way have nothing here.
  private mutating func victim(
    for account: DomainAccount, _ bytes: Int, _ now: Int64, _ versions: AnswerVersions
  ) -> (link: UInt32, isRejected: Bool)? {
    let own = domains.place(of: account, in: stripe)
    if ledger.isAboveShare(account, with: bytes + account.lent.load(ordering: .relaxed)) {
      return own.flatMap { victim(from: $0, against: $0, now, versions) }
    }
    if let heaviest = ledger.heaviest() {
      return domains.place(of: heaviest, in: stripe).flatMap { victim(from: $0, against: $0, now, versions) }
    }
    // Nobody has too much: whoever is met by chance, so that who has many answers gives more often.
    guard let met = domainByChance() ?? own else { return nil }
    return victim(from: own ?? met, against: met, now, versions)
  }

  /// The oldest of one domain's window meets the next in turn of another's main queue (or of the same one's).
  private mutating func victim(
    from own: UInt32, against other: UInt32, _ now: Int64, _ versions: AnswerVersions
  ) -> (link: UInt32, isRejected: Bool)? {
    let window = domains[own].window
    let candidate = domains[own].isWindowFull ? window.oldest : 0
    let incumbent = nextInTurn(other, now, versions)
    guard incumbent != 0 else {
      // There is no main queue yet to be measured by.
      let link = candidate != 0 ? candidate : domains[other].window.oldest
      return link == 0 ? nil : (link, true)
    }
    guard candidate != 0 else { return (incumbent, false) }
    guard isWorthMore(candidate, than: incumbent, now, versions) else {
      forget(candidate)
      return (candidate, true)
    }
    forget(incumbent)
    promote(candidate)
    return (incumbent, false)
  }

  /// The oldest of a main queue that nobody has asked for since it came there; those asked for go round once more for
  /// each time, as far as a few steps lead.
  private mutating func nextInTurn(_ domain: UInt32, _ now: Int64, _ versions: AnswerVersions) -> UInt32 {
    for _ in 0..<8 {
      let link = domains[domain].main.oldest
      guard link != 0, slots[Int(link) - 1].uses > 0, let entry = entry(link),
        !entry.isWorthless(now: now, versions)
      else { return link }
      leave(link, cost: entry.cost)
      slots.update(Int(link) - 1) { $0.uses -= 1 }
      enter(link, isMain: true)
    }
    return domains[domain].main.oldest
  }

  /// Whether the room is better spent on a candidate. What takes more room must be asked for more often, but never more
  /// than this many times as often: large answers are of use, too.
  private func isWorthMore(
    _ candidate: UInt32, than incumbent: UInt32, _ now: Int64, _ versions: AnswerVersions
  ) -> Bool {
    guard let cost = entry(candidate)?.cost, let other = entry(incumbent)?.cost else { return false }
    let (mine, its) = (frequency(candidate, now, versions), frequency(incumbent, now, versions))
    return mine * min(other, Self.mostTimes * cost) > its * min(cost, Self.mostTimes * other)
  }

  private static let mostTimes = 4

  private func frequency(_ link: UInt32, _ now: Int64, _ versions: AnswerVersions) -> Int {
    guard let entry = entry(link), !entry.isWorthless(now: now, versions) else { return -1 }
    return sketch.estimate(entry.hash) + Int(slots[Int(link) - 1].uses)
  }

  /// Keeps in mind how often an answer was asked for at its place.
  private mutating func forget(_ link: UInt32) {
    guard let hash = entry(link)?.hash else { return }
    let uses = slots.update(Int(link) - 1) { slot in
      defer { slot.uses = 0 }
      return Int(slot.uses)
    }
    sketch.add(hash, uses)
  }

  private mutating func promote(_ link: UInt32) {
    guard let cost = entry(link)?.cost else { return }
    forget(link)
    leave(link, cost: cost)
    enter(link, isMain: true)
  }

  /// While there is room nobody is measured: what leaves the window stays.
  mutating func settle(_ domain: UInt32) {
    for _ in 0..<2 where domains[domain].isWindowFull && !ledger.isTight {
      let oldest = domains[domain].window.oldest
      guard oldest != 0, oldest != domains[domain].window.newest else { return }
      promote(oldest)
    }
  }

  private mutating func domainByChance() -> UInt32? {
    guard slots.count > 0 else { return nil }
    for _ in 0..<4 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let slot = slots[Int((random >> 32) % UInt64(slots.count))]
      if slot.entry != nil { return slot.domain }
    }
    return nil
  }
}

// MARK: - Queues

extension CacheTable {
  /// Puts an answer at the new end of its domain's window or main queue.
  mutating func enter(_ link: UInt32, isMain: Bool) {
    guard let cost = entry(link)?.cost else { return }
    let place = slots[Int(link) - 1].domain
    var record = domains[place]
    var queue = isMain ? record.main : record.window
    slots.update(Int(link) - 1) { slot in
      (slot.newer, slot.older, slot.isMain) = (0, queue.newest, isMain)
    }
    if queue.newest != 0 { slots.update(Int(queue.newest) - 1) { $0.newer = link } }
    queue.newest = link
    if queue.oldest == 0 { queue.oldest = link }
    queue.bytes += cost
    if isMain { record.main = queue } else { record.window = queue }
    domains[place] = record
  }

  /// Takes an answer out of its queue.
  mutating func leave(_ link: UInt32, cost: Int) {
    let slot = slots[Int(link) - 1]
    var record = domains[slot.domain]
    var queue = slot.isMain ? record.main : record.window
    if slot.newer == 0 {
      queue.newest = slot.older
    } else {
      slots.update(Int(slot.newer) - 1) { $0.older = slot.older }
    }
    if slot.older == 0 {
      queue.oldest = slot.newer
    } else {
      slots.update(Int(slot.older) - 1) { $0.newer = slot.newer }
    }
    queue.bytes -= cost
    if slot.isMain { record.main = queue } else { record.window = queue }
    domains[slot.domain] = record
  }
}
