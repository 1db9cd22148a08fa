import HTTPWire
import Synchronization

/// What is known of tokens, by their exact bytes, for all loops. Bounded in entries and bytes; a look-up copies and
/// allocates nothing, and holds a lock only to find the place.
final class TokenTable<Known: Sendable>: Sendable {
  /// A stripe is a class so that stripes can stand in an array: a mutex cannot be moved.
  private final class Stripe: Sendable {
    let table: Mutex<TokenStripe<Known>>

    init(_ table: TokenStripe<Known>) { self.table = Mutex(table) }
  }

  private static var mostStripes: Int { 64 }
  /// Fewer entries than this are not worth parting.
  private static var leastPerStripe: Int { 256 }
  /// A token ends in its signature, which is as good as random, so its end is all that is hashed.
  private static var hashedBytes: Int { 64 }

  private let stripes: [Stripe]
  private let seed: UInt64

  init(entries: Int, bytes: Int, seed: UInt64) {
    let count = max(1, min(Self.mostStripes, entries / Self.leastPerStripe))
    stripes = (0..<count).map { _ in
      Stripe(TokenStripe(mostEntries: entries / count, mostBytes: bytes / count))
    }
    self.seed = seed
  }

  /// The entry of exactly this token.
  func entry(of token: UnsafeRawBufferPointer) -> TokenEntry<Known>? { entry(of: token, hash: hash(token)) }

  /// The same for who hashes tokens in another way.
  func entry(of token: UnsafeRawBufferPointer, hash: UInt64) -> TokenEntry<Known>? {
    guard let entry = stripe(hash).table.withLock({ $0.entry(hash) }), entry.isOf(token) else { return nil }
    return entry
  }

  /// Keeps what is known of a token.
  ///
  /// - Parameter cost: about how many bytes that takes, beside the token.
  /// - Returns: how many other tokens were forgotten for it.
  @discardableResult
  func insert(_ known: Known, token: UnsafeRawBufferPointer, cost: Int) -> Int {
    insert(known, token: token, hash: hash(token), cost: cost)
  }

  /// The same for who hashes tokens in another way.
  @discardableResult
  func insert(_ known: Known, token: UnsafeRawBufferPointer, hash: UInt64, cost: Int) -> Int {
    let entry = TokenEntry(token, known, cost: cost)
    return stripe(hash).table.withLock { (table) -> Int in table.insert(entry, hash: hash) }
  }

  /// Forgets an entry that was found.
  func remove(_ entry: TokenEntry<Known>) {
    remove(entry, hash: entry.token.withUnsafeBytes { (token) -> UInt64 in self.hash(token) })
  }

  /// The same for who hashes tokens in another way.
  func remove(_ entry: TokenEntry<Known>, hash: UInt64) {
    stripe(hash).table.withLock { $0.remove(entry, hash: hash) }
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
