import Synchronization

/// What one domain has in the cache, on all stripes.
final class DomainAccount: Sendable {
  let name: [UInt8]
  /// Bytes of its answers.
  let bytes = Atomic<Int>(0)
  let misses = Atomic<UInt64>(0)
  /// Hits of stripes that have no answers of it any more; the others count their own.
  let pastHits = Atomic<UInt64>(0)
  /// Set while it is listed as one that is above its share.
  let isHeavy = Atomic<Bool>(false)
  /// Where each stripe has its queues, plus one; 0 for nowhere. Each is guarded by the lock of its stripe.
  nonisolated(unsafe) let places: UnsafeMutablePointer<UInt32>

  init(name: [UInt8], stripes: Int) {
    self.name = name
    places = .allocate(capacity: stripes)
    places.initialize(repeating: 0, count: stripes)
  }

  deinit { places.deallocate() }

  /// What an account itself takes, with its place in the table of accounts.
  func ownBytes(stripes: Int) -> Int { HeapBytes.of(80) + HeapBytes.of(stripes * 4) + HeapBytes.array(name.count) + 32 }
}

/// The accounts of all domains that ever had an answer kept: at most as many as the configuration has named.
final class DomainAccounts: Sendable {
  private let table = Mutex<[[UInt8]: DomainAccount]>([:])
  private let stripes: Int

  init(stripes: Int) { self.stripes = stripes }

  /// The account of a domain, made at the first call; `charge` gets the bytes that this takes.
  func account(of name: some Collection<UInt8>, charge: (Int) -> Void) -> DomainAccount {
    let name = Array(name)
    let (account, isNew) = table.withLock { table -> (DomainAccount, Bool) in
      if let found = table[name] { return (found, false) }
      let made = DomainAccount(name: name, stripes: stripes)
      table[name] = made
      return (made, true)
    }
    if isNew { charge(account.ownBytes(stripes: stripes)) }
    return account
  }

  var all: [DomainAccount] { table.withLock { Array($0.values) } }
}
