import HTTPWire
import Synchronization

/// Remembers verified tokens, for all loops. Bounded in entries and bytes; a hit copies and allocates nothing.
final class IdentityCache: Sendable {
  /// A stripe is a class so that stripes can stand in an array: a mutex cannot be moved.
  private final class Stripe: Sendable {
    let table: Mutex<CacheStripe>

    init(_ table: CacheStripe) { self.table = Mutex(table) }
  }

  private static let mostStripes = 16
  /// Fewer entries than this are not worth parting.
  private static let leastPerStripe = 256
  /// A token ends in its signature, which is as good as random, so its end is all that is hashed.
  private static let hashedBytes = 64

  private let stripes: [Stripe]
  private let seed: UInt64

  init(entries: Int, bytes: Int, seed: UInt64) {
    let count = max(1, min(Self.mostStripes, entries / Self.leastPerStripe))
    stripes = (0..<count).map { _ in
      Stripe(CacheStripe(mostEntries: entries / count, mostBytes: bytes / count))
    }
    self.seed = seed
  }

  /// The facts of exactly this token, unless the key that it was verified by is good no more.
  func value(of token: UnsafeRawBufferPointer) -> VerifiedToken? {
    let hash = hash(token)
    let found = stripe(hash).table.withLock { $0.value(of: token, hash: hash) }
    guard let found else { return nil }
    guard !found.key.isRetired else {
      stripe(hash).table.withLock { $0.remove(token, hash: hash) }
      return nil
    }
    return found
  }

  /// Keeps the facts of a token.
  func insert(_ value: VerifiedToken, token: UnsafeRawBufferPointer) {
    let hash = hash(token)
    stripe(hash).table.withLock { $0.insert(value, token: token, hash: hash) }
  }

  /// How many tokens are known.
  var count: Int { stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.count } } }

  /// About how many bytes they take.
  var bytes: Int { stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.bytes } } }

  private func hash(_ token: UnsafeRawBufferPointer) -> UInt64 {
    ByteHash.hash(UnsafeRawBufferPointer(rebasing: token.suffix(Self.hashedBytes)), seed: seed)
  }

  private func stripe(_ hash: UInt64) -> Stripe {
    stripes[Int(truncatingIfNeeded: (hash >> 32) % UInt64(stripes.count))]
  }
}
