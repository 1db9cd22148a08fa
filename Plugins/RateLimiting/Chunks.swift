/// An array that grows by chunks of 2^shift elements, so that growing never moves what is there.
struct Chunks<Element> {
  private var chunks: ContiguousArray<ContiguousArray<Element>> = []
  private let filler: Element
  private let shift: Int
  private(set) var count = 0

  /// - Parameter filler: fills what of a chunk is not used yet.
  init(_ filler: Element, shift: Int) {
    self.filler = filler
    self.shift = shift
  }

  mutating func append(_ element: Element) {
    if count >> shift == chunks.count { chunks.append(ContiguousArray(repeating: filler, count: 1 << shift)) }
    chunks[count >> shift][count & (1 << shift - 1)] = element
    count += 1
  }

  subscript(index: Int) -> Element {
    get { chunks[index >> shift][index & (1 << shift - 1)] }
    _modify { yield &chunks[index >> shift][index & (1 << shift - 1)] }
  }
}
