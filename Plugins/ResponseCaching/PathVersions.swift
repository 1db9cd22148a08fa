import HTTPWire
import Synchronization

/// A version for each path of a domain, so that one unsafe request makes every answer of the path worthless, of all
/// classes and variants, and also those that are still on their way.
///
/// There is a fixed number of versions and paths share them by hash. Paths that meet are invalidated together, which
/// costs a fetch and is never wrong.
package final class PathVersions: Sendable {
  /// A version at some moment.
  package struct Mark: Sendable, Equatable {
    fileprivate let place: Int
    fileprivate let number: UInt64
  }

  private static let count = 4096
  nonisolated(unsafe) private let numbers: UnsafeMutablePointer<Atomic<UInt64>>
  private let seed: UInt64

  init(seed: UInt64) {
    self.seed = seed
    numbers = .allocate(capacity: Self.count)
    for index in 0..<Self.count { (numbers + index).initialize(to: Atomic(0)) }
  }

  deinit {
    numbers.deinitialize(count: Self.count)
    numbers.deallocate()
  }

  package func mark(domain: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) -> Mark {
    let place = place(domain, path)
    return Mark(place: place, number: numbers[place].load(ordering: .acquiring))
  }

  func isCurrent(_ mark: Mark) -> Bool { numbers[mark.place].load(ordering: .acquiring) == mark.number }

  func invalidate(domain: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) {
    numbers[place(domain, path)].wrappingAdd(1, ordering: .releasing)
  }

  /// A slash at the end makes no difference here.
  private func place(_ domain: UnsafeRawBufferPointer, _ path: UnsafeRawBufferPointer) -> Int {
    let path = path.last == UInt8(ascii: "/") ? UnsafeRawBufferPointer(rebasing: path.dropLast()) : path
    let first = ByteHash.hash(domain, seed: seed)
    return Int(truncatingIfNeeded: ByteHash.hash(path, seed: first)) & (Self.count - 1)
  }
}
