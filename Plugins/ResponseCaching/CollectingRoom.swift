import HTTPWire
import Synchronization

/// Bounds the bodies that are collected at one time, on all loops: many slow clients with large answers must not make the
/// gateway hold more than the cache may have. A domain gets no more than it leaves free for the others, so that the slow
/// clients of one do not keep the answers of another out; only a body that is the only one may have everything.
final class CollectingRoom: Sendable {
  private let bound: Atomic<Int>
  private let taken = Atomic<Int>(0)
  private let seed: UInt64
  private let parts: [Part]

  /// What the bodies of a domain take. Domains that meet by chance have one together.
  fileprivate final class Part: Sendable {
    let taken = Atomic<Int>(0)
  }

  private static let partCount = 256

  init(bound: Int, seed: UInt64) {
    self.bound = Atomic(bound)
    self.seed = seed
    parts = (0..<Self.partCount).map { _ in Part() }
  }

  func adopt(bound: Int) { self.bound.store(bound, ordering: .relaxed) }

  /// The room as a domain has it.
  func share(of domain: UnsafeRawBufferPointer) -> Share {
    let place = Int(truncatingIfNeeded: ByteHash.hash(domain, seed: seed)) & (Self.partCount - 1)
    return Share(room: self, part: parts[place])
  }

  struct Share {
    fileprivate let room: CollectingRoom
    fileprivate let part: Part

    /// Takes so many bytes for a body that has some already; false, and nothing is taken, when there is not so much room.
    func take(_ bytes: Int, beside held: Int) -> Bool {
      let total = room.taken.wrappingAdd(bytes, ordering: .relaxed).newValue
      let own = part.taken.wrappingAdd(bytes, ordering: .relaxed).newValue
      let free = room.bound.load(ordering: .relaxed) - total
      if free >= 0, own <= free || total == held + bytes { return true }
      giveBack(bytes)
      return false
    }

    func giveBack(_ bytes: Int) {
      part.taken.wrappingSubtract(bytes, ordering: .relaxed)
      room.taken.wrappingSubtract(bytes, ordering: .relaxed)
    }
  }
}
