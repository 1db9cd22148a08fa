import Synchronization

/// The tokens that operators have revoked, for all loops. A request with an identity that was looked up since the last
/// revocation costs two loads and no lock; while nothing was ever revoked, one load.
public final class TokenRevocations: Sendable {
  /// As many revocations are held when nothing else is said.
  public static let usualMost = 100_000

  /// How many revocations may be in force.
  public let most: Int
  private let clock: any GatewayClock
  /// Grows with each revocation; 0 while there was none.
  private let changes: Atomic<UInt64>
  private let table: Mutex<[TokenRevocation.Target: TokenRevocation]>
  /// One change at a time, so that the file has them in the order in which they came into force.
  private let order = Mutex<Void>(())
  private let file: RevocationFile?

  /// An empty list that is kept in memory only.
  public convenience init(clock: any GatewayClock, most: Int = TokenRevocations.usualMost) {
    self.init(clock: clock, most: most, table: [:], file: nil)
  }

  init(
    clock: any GatewayClock, most: Int, table: [TokenRevocation.Target: TokenRevocation], file: RevocationFile?
  ) {
    self.clock = clock
    self.most = most
    self.table = Mutex(table)
    self.file = file
    changes = Atomic(table.isEmpty ? 0 : 1)
  }

  /// Where revocations are kept beyond the end of the process; nil for nowhere.
  public var path: String? { file?.path }

  /// The list's version: another one after each revocation, 0 while there was none.
  public var version: UInt64 { changes.load(ordering: .acquiring) }

  /// Whether the token is refused. An identity is judged by one list only.
  public func isRevoked(_ identity: Identity) -> Bool {
    let version = changes.load(ordering: .acquiring)
    if version == 0 || identity.passedRevocations.load(ordering: .relaxed) == version { return false }
    return look(for: identity, at: version)
  }

  private func look(for identity: Identity, at version: UInt64) -> Bool {
    let (id, issuer, now) = (identity.tokenID, identity.issuer, seconds)
    let hash = TokenRevocation.Target.hash(identity.fingerprint.words.0.byteSwapped)
    let isRevoked = table.withLock { table in
      if let found = table[hash], !found.isOver(at: now) { return true }
      guard !id.isEmpty else { return false }
      if let found = table[.id(id, issuer: nil)], !found.isOver(at: now) { return true }
      guard !issuer.isEmpty, let found = table[.id(id, issuer: issuer)] else { return false }
      return !found.isOver(at: now)
    }
    // Of the version that was read before the table: a revocation in between makes the identity be looked up again.
    if !isRevoked { identity.passedRevocations.store(version, ordering: .relaxed) }
    return isRevoked
  }

  private var seconds: Int64 { clock.wall() / 1_000_000_000 }
}

// MARK: - Changes

extension TokenRevocations {
  /// Puts a revocation in force, in place of an earlier one of the same target. It holds for all loops when this returns,
  /// and also when it throws that the revocation could not be kept. Blocks while the file is written.
  ///
  /// - Returns: what is in force.
  public func revoke(_ revocation: TokenRevocation) throws(RevocationFailure) -> TokenRevocation {
    let result: Result<TokenRevocation, RevocationFailure> = order.withLock { _ in
      guard let entry = enter(revocation) else { return .failure(.full(most: most)) }
      do throws(RevocationFailure) {
        try file?.keep(.revoke(entry), count: self.count) { self.current() }
        return .success(entry)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Takes a revocation back; nil when there is none of this target. Blocks while the file is written; when that fails
  /// the revocation stays in force.
  public func restore(_ target: TokenRevocation.Target) throws(RevocationFailure) -> TokenRevocation? {
    let now = seconds
    let result: Result<TokenRevocation?, RevocationFailure> = order.withLock { _ in
      guard let entry = table.withLock({ $0[target] }), !entry.isOver(at: now) else { return .success(nil) }
      do throws(RevocationFailure) {
        try file?.keep(.restore(target), count: self.count) { self.current().filter { $0.target != target } }
        table.withLock { $0[target] = nil }
        return .success(entry)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// What is in force, the oldest first.
  public var list: [TokenRevocation] { current().sorted() }

  private func current() -> [TokenRevocation] {
    let now = seconds
    // Loops are not to wait for a long list.
    let table = table.withLock { $0 }
    return table.values.filter { !$0.isOver(at: now) }
  }

  private var count: Int { table.withLock { $0.count } }

  /// What is in force afterwards; nil when the list is full.
  private func enter(_ revocation: TokenRevocation) -> TokenRevocation? {
    var entry = revocation
    let now = seconds
    entry.since = now
    return table.withLock { table in
      if let known = table[entry.target], !known.isOver(at: now) {
        entry.since = known.since
      } else if table.count >= most {
        table = table.filter { !$0.value.isOver(at: now) }
        guard table.count < most else { return nil }
      }
      table[entry.target] = entry
      // Inside the lock: who sees the new version finds the entry.
      changes.wrappingAdd(1, ordering: .releasing)
      return entry
    }
  }
}
