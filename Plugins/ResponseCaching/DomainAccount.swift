import GatewayKit
import HTTPWire
import Synchronization

/// What one domain has in the cache, on all stripes.
final class DomainAccount: Sendable {
  let name: [UInt8]
  /// Bytes of its answers.
  let bytes = Atomic<Int>(0)
  /// Bytes of answers that were dropped and are still being read.
  let lent = Atomic<Int>(0)
  /// What came of its requests that the stripes do not count.
  let misses = Atomic<UInt64>(0)
  let validations = Atomic<UInt64>(0)
  /// Hits of stripes that have no answers of it any more; the others count their own.
  let pastHits = Atomic<UInt64>(0)
  /// The same of stale hits, and those that came of the origin's failing.
  let pastStale = Atomic<UInt64>(0)
  /// Set while it is listed as one that is above its share.
  let isHeavy = Atomic<Bool>(false)
  /// Monotonic nanoseconds when its allowance of ``WriteRate`` is whole again.
  let writesWhole = Atomic<Int64>(.min)
  /// Where each stripe has its queues, plus one; 0 for nowhere. Each is guarded by the lock of its stripe.
  nonisolated(unsafe) let places: UnsafeMutablePointer<UInt32>

  init(name: [UInt8], stripes: Int) {
    self.name = name
    places = .allocate(capacity: stripes)
    places.initialize(repeating: 0, count: stripes)
  }

  deinit { places.deallocate() }

  /// A request that was counted as a miss was answered with what is kept: the origin has called that unchanged.
  func countValidation() {
    misses.wrappingSubtract(1, ordering: .relaxed)
    validations.wrappingAdd(1, ordering: .relaxed)
  }

  /// The same since the origin has failed.
  func countHelp() {
    misses.wrappingSubtract(1, ordering: .relaxed)
    pastStale.wrappingAdd(1, ordering: .relaxed)
  }

  /// What came of its requests, but for what the stripes count.
  var uses: CacheUses {
    var uses = CacheUses()
    uses.hits = pastHits.load(ordering: .relaxed)
    uses.stale = pastStale.load(ordering: .relaxed)
    uses.validations = validations.load(ordering: .relaxed)
    uses.misses = misses.load(ordering: .relaxed)
    return uses
  }

  /// What an account itself takes, with its place in the table of accounts.
  func ownBytes(stripes: Int) -> Int { HeapBytes.of(96) + HeapBytes.of(stripes * 4) + HeapBytes.array(name.count) + 32 }
}

/// The accounts of all domains that ever had an answer kept: at most as many as the configuration has named. In stripes
/// with a lock each, by the domain's hash; to find one that is known costs no memory.
final class DomainAccounts: Sendable {
  private final class Stripe: Sendable {
    /// By the hash of the name; those that meet by chance stand together.
    let accounts = Mutex<[UInt64: [DomainAccount]]>([:])
  }

  private static let stripeCount = 16

  private let parts: [Stripe]
  private let stripes: Int
  private let seed: UInt64

  /// - Parameter stripes: how many the store has.
  init(stripes: Int, seed: UInt64) {
    self.stripes = stripes
    self.seed = seed
    parts = (0..<Self.stripeCount).map { _ in Stripe() }
  }

  /// The account of a domain, made at the first call; `charge` gets the bytes that this takes.
  func account(of name: UnsafeRawBufferPointer, charge: (Int) -> Void) -> DomainAccount {
    let hash = ByteHash.hash(name, seed: seed)
    let part = parts[Int(truncatingIfNeeded: hash) & (Self.stripeCount - 1)]
    let (account, isNew) = part.accounts.withLock { accounts -> (DomainAccount, Bool) in
      if let found = accounts[hash]?.first(where: { $0.name.elementsEqual(name) }) { return (found, false) }
      let made = DomainAccount(name: Array(name), stripes: stripes)
      accounts[hash, default: []].append(made)
      return (made, true)
    }
    if isNew { charge(account.ownBytes(stripes: stripes)) }
    return account
  }

  var all: [DomainAccount] { parts.flatMap { $0.accounts.withLock { $0.values.flatMap(\.self) } } }
}
