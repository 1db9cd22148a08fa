import GatewayKit
import Synchronization

/// Counts the bytes of a cache against its bounds: those of all, and those of each domain.
///
/// A domain may have more than its share while there is room for it. When there is none, those above their share give way
/// first, and such a domain makes room for its own answers out of its own.
final class CacheLedger: Sendable {
  private let size: Atomic<Int>
  private let share: Atomic<Int>
  private let usedBytes: Atomic<Int>
  private let lentBytes = Atomic<Int>(0)
  /// The domains above their share, of which there are few: each has at least a hundredth of all.
  private let heavy = Mutex<[DomainAccount]>([])
  private let heavyCount = Atomic<Int>(0)

  /// What is kept free for tables, which grow when an answer has its room already.
  private let slack: Int

  init(_ bounds: CacheBounds, slack: Int) {
    self.slack = slack
    size = Atomic(bounds.size - slack)
    share = Atomic((bounds.size - slack) / 100 * bounds.domain)
    usedBytes = Atomic(0)
  }

  func adopt(_ bounds: CacheBounds) {
    size.store(bounds.size - slack, ordering: .relaxed)
    share.store((bounds.size - slack) / 100 * bounds.domain, ordering: .relaxed)
  }

  /// The bound of all.
  var bound: Int { size.load(ordering: .relaxed) }
  var used: Int { usedBytes.load(ordering: .relaxed) }
  /// The largest answer that is kept, of whatever size the plugin allows.
  var largest: Int { min(size.load(ordering: .relaxed) / 2, share.load(ordering: .relaxed)) }

  /// Whether there are less than two hundredths left.
  var isTight: Bool {
    let size = size.load(ordering: .relaxed)
    return used > size - size / 50
  }

  func hasRoom(for bytes: Int) -> Bool { used + bytes <= size.load(ordering: .relaxed) }

  /// Takes so many bytes; false, and nothing is taken, when there is not so much room.
  func reserve(_ bytes: Int) -> Bool {
    if usedBytes.wrappingAdd(bytes, ordering: .relaxed).newValue <= size.load(ordering: .relaxed) { return true }
    giveBack(bytes)
    return false
  }

  /// Of what is used: answers that were dropped and are still being read.
  var lent: Int { lentBytes.load(ordering: .relaxed) }

  /// Whether what is still read of a domain's dropped answers leaves no room in its share for so many bytes more.
  func lendsTooMuch(_ account: DomainAccount, for bytes: Int) -> Bool {
    let lent = account.lent.load(ordering: .relaxed)
    return lent > 0 && lent + bytes > share.load(ordering: .relaxed)
  }

  /// Notes that so much of an answer that was dropped is still being read.
  func lend(_ account: DomainAccount, _ bytes: Int) {
    lentBytes.wrappingAdd(bytes, ordering: .relaxed)
    account.lent.wrappingAdd(bytes, ordering: .relaxed)
    charge(bytes)
  }

  /// Nobody reads it any more.
  func endLoan(_ account: DomainAccount, _ bytes: Int) {
    lentBytes.wrappingSubtract(bytes, ordering: .relaxed)
    account.lent.wrappingSubtract(bytes, ordering: .relaxed)
    giveBack(bytes)
  }

  func charge(_ bytes: Int) { usedBytes.wrappingAdd(bytes, ordering: .relaxed) }

  func giveBack(_ bytes: Int) { usedBytes.wrappingSubtract(bytes, ordering: .relaxed) }
}

// MARK: - Domains

extension CacheLedger {
  /// Whether a domain has more than its share, or would have with so many bytes more.
  func isAboveShare(_ account: DomainAccount, with bytes: Int = 0) -> Bool {
    account.bytes.load(ordering: .relaxed) + bytes > share.load(ordering: .relaxed)
  }

  /// Notes that a domain has so many bytes more.
  func grow(_ account: DomainAccount, by bytes: Int) {
    account.bytes.wrappingAdd(bytes, ordering: .relaxed)
    guard isAboveShare(account), !account.isHeavy.exchange(true, ordering: .relaxed) else { return }
    heavy.withLock { heavy in
      heavy.append(account)
      heavyCount.store(heavy.count, ordering: .relaxed)
    }
  }

  /// Notes that an answer of a domain is gone.
  func shrink(_ account: DomainAccount, by bytes: Int) {
    account.bytes.wrappingSubtract(bytes, ordering: .relaxed)
    giveBack(bytes)
  }

  /// The domain that is furthest above its share; nil when none is.
  func heaviest() -> DomainAccount? {
    guard heavyCount.load(ordering: .relaxed) > 0 else { return nil }
    return heavy.withLock { heavy in
      heavy.removeAll { account in
        guard !isAboveShare(account) else { return false }
        account.isHeavy.store(false, ordering: .relaxed)
        return true
      }
      heavyCount.store(heavy.count, ordering: .relaxed)
      return heavy.max { $0.bytes.load(ordering: .relaxed) < $1.bytes.load(ordering: .relaxed) }
    }
  }
}
