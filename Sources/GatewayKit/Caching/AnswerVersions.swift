import HTTPWire
import Synchronization

/// When the paths and tags of each domain were last changed, so that one change makes every kept answer worthless that is
/// about them, of all classes and variants, and also those that are still on their way.
///
/// Time is the number of changes. An answer is of the time at which its request was looked up, and is current while
/// nothing that it is about was changed since. There is a fixed number of places, in blocks. A domain has one block, by
/// hash, so however much it changes, it makes nothing worthless of those that have another. Paths and tags share the
/// places of a block. Each has two, and is changed when both are: those that meet in both are changed together, which costs
/// a fetch and is never wrong. One place more stands for everything of a domain.
///
/// A store that several gateways share has places like these, fewer of them, and a time of its own.
package final class AnswerVersions: Sendable {
  /// What an answer is about, and when its request was looked up.
  package struct Mark: Sendable, Equatable {
    /// How many changes there had been.
    package let began: UInt64
    /// The hash of its path, which holds the domain.
    fileprivate let path: UInt64
    /// The hashes of its tags, which hold the domain.
    package private(set) var tags: [UInt64] = []

    /// Says that the answer has this tag, too.
    package mutating func add(tag: UInt64) {
      if !tags.contains(tag) { tags.append(tag) }
    }
  }

  /// Bits of a place in a block, and of a domain; the lowest of the latter are the block's. Eight megabytes in all.
  private static let (placeBits, domainBits, blockBits) = (12, 12, 8)
  private static let count = 1 << (blockBits + placeBits)
  private static let domains = 1 << domainBits
  /// The blocks, and behind them the places of whole domains.
  nonisolated(unsafe) private let places: UnsafeMutablePointer<Atomic<UInt64>>
  private let time = Atomic<UInt64>(0)
  private let seed: UInt64

  package init(seed: UInt64) {
    self.seed = seed
    places = .allocate(capacity: Self.count + Self.domains)
    for index in 0..<(Self.count + Self.domains) { (places + index).initialize(to: Atomic(0)) }
  }

  deinit {
    places.deinitialize(count: Self.count + Self.domains)
    places.deallocate()
  }

  /// What an answer to a request for this path will be about.
  ///
  /// - Parameter time: ``now``, as it was before the request was looked up.
  package func mark(domain: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, at time: UInt64) -> Mark {
    Mark(began: time, path: hash(domain, path: path))
  }

  /// Stands for a tag in a domain; no other domain's tag is ever meant.
  package func hash(domain: UnsafeRawBufferPointer, tag: UnsafeRawBufferPointer) -> UInt64 {
    let domain = ByteHash.hash(domain, seed: seed)
    return Self.join(ByteHash.hash(tag, seed: ~domain), of: domain)
  }

  /// Whether nothing was changed that the answer is about.
  package func isCurrent(_ mark: borrowing Mark) -> Bool {
    guard wholePlace(of: mark.path).pointee.load(ordering: .acquiring) <= mark.began,
      isUnchanged(mark.path, since: mark.began)
    else { return false }
    for tag in mark.tags where !isUnchanged(tag, since: mark.began) { return false }
    return true
  }

  /// The path was changed.
  package func invalidate(domain: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) {
    change(hash(domain, path: path))
  }

  /// Everything with this tag was changed.
  package func invalidate(domain: UnsafeRawBufferPointer, tag: UnsafeRawBufferPointer) {
    change(hash(domain: domain, tag: tag))
  }

  /// Everything of a domain was changed.
  package func invalidate(domain: UnsafeRawBufferPointer) {
    let hash = Self.join(0, of: ByteHash.hash(domain, seed: seed))
    wholePlace(of: hash).pointee.max(advance(), ordering: .acquiringAndReleasing)
  }

  /// How many changes there were.
  package var now: UInt64 { time.load(ordering: .acquiring) }

  /// Begins a new time: what was looked up before is older than a purge of now.
  package func advance() -> UInt64 { time.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue }

  /// A slash at the end makes no difference here.
  private func hash(_ domain: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) -> UInt64 {
    let path = path.last == UInt8(ascii: "/") ? UnsafeRawBufferPointer(rebasing: path.dropLast()) : path
    let domain = ByteHash.hash(domain, seed: seed)
    return Self.join(ByteHash.hash(path, seed: domain), of: domain)
  }

  /// A hash with bits of the domain's in it, above those that choose the place in the block.
  private static func join(_ hash: UInt64, of domain: UInt64) -> UInt64 {
    let mask = UInt64(domains - 1) << UInt64(placeBits)
    return hash & ~mask | domain << UInt64(placeBits) & mask
  }

  /// What stands for everything of the domain.
  private func wholePlace(of hash: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
    places + Self.count + (Int(truncatingIfNeeded: hash >> UInt64(Self.placeBits)) & (Self.domains - 1))
  }

  private func place(of hash: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
    places + (Int(truncatingIfNeeded: hash) & (Self.count - 1))
  }

  /// In the same block, by other bits of the hash.
  private func otherPlace(of hash: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
    let mask = UInt64(1 << Self.placeBits - 1)
    return place(of: hash & ~mask | hash >> UInt64(Self.placeBits + Self.domainBits) & mask)
  }

  private func isUnchanged(_ hash: UInt64, since began: UInt64) -> Bool {
    place(of: hash).pointee.load(ordering: .acquiring) <= began
      || otherPlace(of: hash).pointee.load(ordering: .acquiring) <= began
  }

  /// Two changes at once: the later time stays.
  private func change(_ hash: UInt64) {
    let time = advance()
    place(of: hash).pointee.max(time, ordering: .acquiringAndReleasing)
    otherPlace(of: hash).pointee.max(time, ordering: .acquiringAndReleasing)
  }
}

// MARK: - Places that gateways share

extension AnswerVersions {
  private typealias Bytes = UnsafeRawBufferPointer

  /// Bits of a place in a block there: a server keeps a hundred bytes for each place that was ever changed.
  private static let sharedBits = 10

  /// The number of the place of a path.
  func place(domain: String, path: String) -> UInt32 {
    Self.lend(domain, path) { Self.number(hash($0, path: $1)) }
  }

  /// The number of the place of a tag.
  func place(domain: String, tag: String) -> UInt32 {
    Self.lend(domain, tag) { Self.number(hash(domain: $0, tag: $1)) }
  }

  /// The number of the place of everything of a domain.
  func place(domain: String) -> UInt32 { Self.lend(domain, "") { domain, _ in place(domain: domain) } }

  /// The numbers of the places of all that an answer is about, its domain's first.
  package func places(of mark: Mark, domain: UnsafeRawBufferPointer) -> [UInt32] {
    [place(domain: domain), Self.number(mark.path)] + mark.tags.map(Self.number)
  }

  private func place(domain: Bytes) -> UInt32 {
    let number = ByteHash.hash(domain, seed: seed) & UInt64(Self.domains - 1)
    return UInt32(truncatingIfNeeded: number | 1 << UInt64(Self.blockBits + Self.sharedBits))
  }

  private static func number(_ hash: UInt64) -> UInt32 {
    let block = hash >> UInt64(placeBits) & UInt64(1 << blockBits - 1)
    return UInt32(truncatingIfNeeded: block << UInt64(sharedBits) | hash & UInt64(1 << sharedBits - 1))
  }

  private static func lend<R>(_ domain: String, _ text: String, _ body: (Bytes, Bytes) -> R) -> R {
    var (domain, text) = (domain, text)
    return domain.withUTF8 { domain in text.withUTF8 { body(Bytes(domain), Bytes($0)) } }
  }
}
