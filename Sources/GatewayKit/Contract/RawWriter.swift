/// Writes short texts into memory that its owner has reserved; what does not fit is left out.
package struct RawWriter {
  private let target: UnsafeMutableRawBufferPointer
  /// How many bytes were written.
  package private(set) var count = 0

  /// Writes from the beginning of `target`.
  package init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

  /// Appends bytes.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, let base = target.baseAddress, target.count &- count >= bytes.count else {
      return
    }
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  /// Appends a text of our own.
  package mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a number in decimal digits.
  package mutating func append(decimal value: UInt64) {
    var length = 1
    var rest = value
    while rest >= 10 {
      rest /= 10
      length &+= 1
    }
    guard target.count &- count >= length else { return }
    rest = value
    var place = count &+ length
    count = place
    repeat {
      place &-= 1
      target[place] = UInt8(truncatingIfNeeded: 0x30 &+ rest % 10)
      rest /= 10
    } while rest > 0
  }
}
