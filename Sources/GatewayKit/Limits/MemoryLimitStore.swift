import Synchronization

/// Keeps allowances in this process, for all loops. A key's stripe has a lock and a table of its own, so loops seldom meet;
/// a request whose keys lie in several stripes holds the locks of all of them, so that it is judged in one step.
public final class MemoryLimitStore: LimitStore {
  /// As many callers are counted when nothing else is said.
  public static let usualEntries = 1_000_000
  /// So many bytes are used for them when nothing else is said.
  public static let usualBytes = 256 << 20

  /// The table is its lock holder's.
  private final class Stripe: @unchecked Sendable {
    let lock = Mutex<Void>(())
    var table: LimitTable

    init(capacity: Int, bytes: Int) { table = LimitTable(capacity: capacity, bytes: bytes) }
  }

  private let stripes: [Stripe]
  private let mask: Int

  /// A process shares with nobody.
  public var gateways: Int { 1 }

  /// A store of at most about this many callers, in about so many bytes. The bounds are split among the stripes (up to
  /// 64 of at least 1024 callers), so the last few percent may not be reached.
  public init(entries: Int = MemoryLimitStore.usualEntries, bytes: Int = MemoryLimitStore.usualBytes) {
    var count = 1
    while count < 64, entries / (count * 2) >= 1024 { count *= 2 }
    mask = count - 1
    stripes = (0..<count).map { index in
      Stripe(capacity: entries / count + (index < entries % count ? 1 : 0), bytes: bytes / count)
    }
  }

  /// The store itself: it answers at once, on any thread.
  public func ledger(on loop: LoopContext) -> any LimitLedger { MemoryLedger(self) }

  /// How many callers are kept, counted one stripe after the other.
  public var count: Int { stripes.reduce(0) { sum, stripe in sum + stripe.lock.withLock { _ in stripe.table.count } } }

  /// What the callers take, in bytes.
  public var bytes: Int { stripes.reduce(0) { sum, stripe in sum + stripe.lock.withLock { _ in stripe.table.bytes } } }
}

/// One loop's access; the store has no part that is a loop's own.
private final class MemoryLedger: LimitLedger {
  private let store: MemoryLimitStore

  init(_ store: MemoryLimitStore) { self.store = store }

  func take(_ request: LimitRequest, now: LimitTime) -> Bool {
    store.take(request, now: now)
    return true
  }

  func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) { store.adjust(claim, by: units, now: now) }
}

// MARK: - Taking

extension MemoryLimitStore {
  /// Judges all claims in one step and answers.
  package func take(_ request: LimitRequest, now: LimitTime) {
    guard request.claims.count != 1 else {
      let stripe = stripe(request.claims[0].key)
      return stripe.lock.withLock { _ in Self.takeOne(request, in: stripe, now) }
    }
    var needed: UInt64 = 0
    for claim in request.claims { needed |= 1 &<< UInt64(number(claim.key)) }
    withLocked(needed) { self.takeAll(request, needed, now) }
  }

  /// Takes units that are not judged, or gives some back.
  package func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) {
    guard units != 0 else { return }
    let stripe = stripe(claim.key)
    stripe.lock.withLock { _ in stripe.table.adjust(claim, by: units, now: now) }
  }

  private static func takeOne(_ request: LimitRequest, in stripe: Stripe, _ now: LimitTime) {
    let claim = request.claims[0]
    guard let place = stripe.table.find(claim.key) ?? newcomer(claim, in: stripe, now) else {
      return request.answer(noRoom)
    }
    let decision = stripe.table.judge(claim, at: place, now: now)
    if decision.verdict == .admitted { stripe.table.take(claim, at: place, now: now) }
    guard decision.verdict == .noRoom else { return request.answer(decision) }
    request.answer(takeGrowing(claim, in: stripe, now))
  }

  /// A caller who is there needs more memory than there is: others are dropped for it, and perhaps the caller, too.
  private static func takeGrowing(_ claim: LimitClaim, in stripe: Stripe, _ now: LimitTime) -> LimitDecision {
    guard stripe.table.makeRoom(for: 1, of: claim.owner, now) else { return noRoom }
    let place = stripe.table.find(claim.key) ?? stripe.table.insert(claim)
    let decision = stripe.table.judge(claim, at: place, now: now)
    if decision.verdict == .admitted { stripe.table.take(claim, at: place, now: now) }
    return decision
  }

  private static func newcomer(_ claim: LimitClaim, in stripe: Stripe, _ now: LimitTime) -> Int? {
    stripe.table.makeRoom(for: 1, of: claim.owner, now) ? stripe.table.insert(claim) : nil
  }

  /// With the locks of all stripes held.
  private func takeAll(_ request: LimitRequest, _ needed: UInt64, _ now: LimitTime) {
    var crowded: UInt64 = 0
    // Room is made before places are looked up, since what is dropped makes room for somebody else in the same place.
    for (number, stripe) in stripes.enumerated() where needed & (1 &<< UInt64(number)) != 0 {
      var newcomers = 0
      for claim in request.claims where self.number(claim.key) == number {
        // Who is there but needs more memory than there is counts as one who comes.
        let place = stripe.table.find(claim.key)
        if place.map({ stripe.table.judge(claim, at: $0, now: now).verdict == .noRoom }) ?? true { newcomers += 1 }
      }
      if newcomers > 0, !stripe.table.makeRoom(for: newcomers, of: request.claims[0].owner, now) {
        crowded |= 1 &<< UInt64(number)
      }
    }
    request.decisions.removeAll(keepingCapacity: true)
    request.places.removeAll(keepingCapacity: true)
    for claim in request.claims {
      let number = number(claim.key)
      let stripe = stripes[number]
      var place = stripe.table.find(claim.key)
      if place == nil, crowded & (1 &<< UInt64(number)) == 0 { place = stripe.table.insert(claim) }
      request.places.append(place ?? -1)
      request.decisions.append(place.map { stripe.table.judge(claim, at: $0, now: now) } ?? Self.noRoom)
    }
    request.conclude()
    guard request.outcome == .admitted else { return }
    for (index, claim) in request.claims.enumerated() where request.takes(index) {
      stripe(claim.key).table.take(claim, at: request.places[index], now: now)
    }
  }

  private static let noRoom = LimitDecision(.noRoom, remaining: 0, fullIn: 0, retryIn: 1_000_000_000)
}

// MARK: - Stripes

extension MemoryLimitStore {
  /// One half of the key chooses the stripe, the other the place in its table.
  private func number(_ key: LimitKey) -> Int { Int(truncatingIfNeeded: key.high) & mask }

  private func stripe(_ key: LimitKey) -> Stripe { stripes[number(key)] }

  /// Runs a body with the locks of these stripes held, taken in the order of their numbers, so that nobody waits for
  /// somebody who waits for them.
  private func withLocked(_ needed: UInt64, _ body: () -> Void) {
    guard needed != 0 else { return body() }
    let number = needed.trailingZeroBitCount
    stripes[number].lock.withLock { _ in withLocked(needed & (needed &- 1), body) }
  }
}
