/// An array of plain values that grows by chunks of 256, so that growing never moves what is there.
///
/// The memory is managed by hand: an array of arrays would count references and ask for uniqueness at every step, on a path
/// that every request takes. An index out of range traps.
package struct Chunks<Element: BitwiseCopyable>: ~Copyable {
  private static var shift: Int { 8 }
  private static var size: Int { 1 << shift }

  private var chunks: ContiguousArray<UnsafeMutablePointer<Element>> = []
  private let filler: Element
  package private(set) var count = 0

  /// - Parameter filler: fills what of a chunk is not used yet.
  package init(_ filler: Element) { self.filler = filler }

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  package mutating func append(_ element: Element) {
    if count >> Self.shift == chunks.count {
      let chunk = UnsafeMutablePointer<Element>.allocate(capacity: Self.size)
      chunk.initialize(repeating: filler, count: Self.size)
      chunks.append(chunk)
    }
    count += 1
    self[count - 1] = element
  }

  package subscript(index: Int) -> Element {
    get { chunks[index >> Self.shift][index & (Self.size - 1)] }
    set { chunks[index >> Self.shift][index & (Self.size - 1)] = newValue }
  }

  /// Changes one element in place.
  package mutating func update<R>(_ index: Int, _ change: (inout Element) -> R) -> R {
    change(&chunks[index >> Self.shift][index & (Self.size - 1)])
  }
}
