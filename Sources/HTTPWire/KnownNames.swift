/// The known field names in a form that is compared eight bytes at a time: an open hash table, built once from
/// `FieldID.name`, so that the two cannot disagree, and never freed.
struct KnownNames: @unchecked Sendable {
  static let shared = KnownNames()

  /// A known name, padded with zeros.
  private struct Entry {
    var letters: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// The bits that are compared: all but the one that tells a letter's case, and none behind the name.
    var compared: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var count = 0
    var id = FieldID.other
  }

  private static var slotCount: Int { 512 }
  /// No known name is longer.
  private static var maxLength: Int { 24 }

  /// By slot, the place of a name in `entries`; 0 for none.
  private let slots: UnsafeMutablePointer<UInt8>
  private let entries: UnsafeMutablePointer<Entry>

  private init() {
    slots = .allocate(capacity: Self.slotCount)
    slots.initialize(repeating: 0, count: Self.slotCount)
    entries = .allocate(capacity: FieldID.allCases.count)
    entries.initialize(repeating: Entry(), count: FieldID.allCases.count)
    for (place, id) in FieldID.allCases.enumerated() where id != .other {
      id.name.withUTF8Buffer { insert(UnsafeRawBufferPointer($0).bytes, id, at: place) }
    }
  }

  private func insert(_ name: RawSpan, _ id: FieldID, at place: Int) {
    precondition(name.byteCount <= Self.maxLength, "a known name is longer than an entry")
    let letters = (name.wordOfRest(from: 0), name.wordOfRest(from: 8), name.wordOfRest(from: 16))
    func bits(_ word: UInt64) -> UInt64 { Word.nonzeroBytes(word) & ~Word.caseBits(known: word) }
    entries[place] = Entry(
      letters: letters, compared: (bits(letters.0), bits(letters.1), bits(letters.2)), count: name.byteCount, id: id)
    var slot = Self.slot(of: name, letters.0, 0..<name.byteCount)
    while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
    slots[slot] = UInt8(truncatingIfNeeded: place)
  }

  /// Length, first and last word tell the known names apart; the factor was searched for so that no two of them share a
  /// slot, which a test holds. A name that shares one would still be found.
  /// - Parameters:
  ///   - first: the first eight bytes; what is behind the name does not count.
  @inline(__always)
  private static func slot(of bytes: RawSpan, _ first: UInt64, _ range: Range<Int>) -> Int {
    let count = range.count
    let isShort = count < 8
    let head = isShort ? first & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1) : first
    let tail = isShort ? head : bytes.word(checked: range.upperBound &- 8)
    let folded = (head | Word.repeating(0x20), tail | Word.repeating(0x20))
    let sum = (folded.0 ^ (folded.1 &<< 13 | folded.1 &>> 51)) &+ UInt64(truncatingIfNeeded: count)
    return Int(truncatingIfNeeded: (sum &* 0x442E_3D43_7204_E52D) &>> 55)
  }

  /// The identifier of the name that stands in the range, in any letter case; `other` when it is not known. A name
  /// that is found is also proven to be a token, since every known name is one.
  /// - Parameters:
  ///   - bytes: at least eight.
  ///   - first: the padded word at the range's beginning.
  ///   - range: inside the bytes.
  @inline(__always)
  func find(_ bytes: RawSpan, _ first: UInt64, _ range: Range<Int>) -> FieldID {
    let count = range.count
    guard count > 0, count <= Self.maxLength else { return .other }
    let start = range.lowerBound
    var slot = Self.slot(of: bytes, first, range)
    while true {
      // A slot is masked to the table, and what stands in it is a place that was filled.
      let place = Int(slots[slot])
      guard place != 0 else { return .other }
      let entry = entries + place
      if entry.pointee.count == count {
        let compared = entry.pointee.compared
        var difference = (first ^ entry.pointee.letters.0) & compared.0
        if count > 8 { difference |= (bytes.paddedWord(checked: start &+ 8) ^ entry.pointee.letters.1) & compared.1 }
        if count > 16 { difference |= (bytes.paddedWord(checked: start &+ 16) ^ entry.pointee.letters.2) & compared.2 }
        if difference == 0 { return entry.pointee.id }
      }
      slot = (slot &+ 1) & (Self.slotCount - 1)
    }
  }

  /// Whether no two names share a slot, so that a look-up compares with one name at most.
  var isWithoutCollisions: Bool {
    FieldID.allCases.allSatisfy { id in
      id == .other
        || id.name.withUTF8Buffer { name in
          let bytes = UnsafeRawBufferPointer(name).bytes
          let slot = Self.slot(of: bytes, bytes.wordOfRest(from: 0), 0..<bytes.byteCount)
          return entries[Int(slots[slot])].id == id
        }
    }
  }

  /// The same for bytes that are fewer than a word.
  func findShort(_ name: RawSpan) -> FieldID {
    find(name, name.wordOfRest(from: 0), 0..<name.byteCount)
  }
}
