/// Bytes of a composite key, written into memory that is used again for the next key. Every part that a peer can influence
/// is preceded by its length, so that no two lists of parts give the same bytes.
package struct KeyBytes: ~Copyable {
  private var memory: UnsafeMutableRawBufferPointer
  /// How many bytes were written.
  package private(set) var count = 0

  /// Room for this many bytes; it grows when they do not suffice.
  package init(capacity: Int = 512) {
    memory = .allocate(byteCount: max(capacity, 64), alignment: 8)
  }

  deinit { memory.deallocate() }

  /// Begins a new key.
  package mutating func reset() { count = 0 }

  /// Appends a tag or a set of flags.
  package mutating func append(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count &+= 1
  }

  /// Appends a number in the byte order of this machine.
  package mutating func append(_ word: UInt64) {
    reserve(8)
    memory.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
    count &+= 8
  }

  /// Appends all bits of a fingerprint.
  package mutating func append(_ fingerprint: Fingerprint) {
    append(fingerprint.words.0)
    append(fingerprint.words.1)
    append(fingerprint.words.2)
    append(fingerprint.words.3)
  }

  /// Appends the length of a part in four bytes, and the part.
  package mutating func append(part: UnsafeRawBufferPointer) {
    reserve(4 &+ part.count)
    memory.storeBytes(of: UInt32(truncatingIfNeeded: part.count), toByteOffset: count, as: UInt32.self)
    count &+= 4
    appendRaw(part)
  }

  /// Appends bytes without their length, for what is fixed or counted otherwise.
  package mutating func append(raw bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    appendRaw(bytes)
  }

  /// Appends a place for a count that is known later; returns where it is.
  package mutating func appendCount() -> Int {
    reserve(4)
    memory.storeBytes(of: 0, toByteOffset: count, as: UInt32.self)
    count &+= 4
    return count &- 4
  }

  /// Fills in what ``appendCount()`` left open.
  package mutating func setCount(_ value: Int, at place: Int) {
    guard place >= 0, place &+ 4 <= count else { return }
    memory.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: place, as: UInt32.self)
  }

  /// Lends what was written.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(start: memory.baseAddress, count: count))
  }

  private mutating func appendRaw(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
    (target + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  private mutating func reserve(_ more: Int) {
    guard memory.count &- count < more else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: (count &+ more) &* 2, alignment: 8)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
    memory.deallocate()
    memory = larger
  }
}

/// The memory has one owner, and a noncopyable value is in one place at a time.
extension KeyBytes: @unchecked Sendable {}
