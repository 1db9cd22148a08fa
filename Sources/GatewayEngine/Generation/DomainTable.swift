import HTTPWire

/// Finds a domain by the bytes of one of its names, in any letter case. Open addressing; a look-up allocates nothing and
/// touches two places of memory, however many domains there are.
struct DomainTable: Sendable {
  /// What a name means.
  struct Found: Equatable {
    var domain: Int
    /// Whether what was looked up is the domain's first name, letter for letter.
    var isExactName: Bool
  }

  private struct Slot: Sendable {
    var hash: UInt32
    /// Where the name begins in `names`.
    var start: UInt32
    var domain: UInt32
    /// 0 in an empty slot.
    var length: UInt16
    var isFirst: Bool
  }

  private let seed: UInt64
  private let mask: Int
  private var slots: [Slot]
  private var names: [UInt8] = []

  /// - Parameters:
  ///   - names: lower-case names with the domain that each means; of one domain's names the first stands first.
  ///   - seed: seeds the hash, since clients choose what is looked up.
  init(_ names: [(name: String, domain: Int)], seed: UInt64) {
    var size = 16
    while size < names.count * 2 { size *= 2 }
    self.seed = seed
    self.mask = size - 1
    self.slots = Array(repeating: Slot(hash: 0, start: 0, domain: 0, length: 0, isFirst: false), count: size)
    var seen = Set<Int>()
    for (name, domain) in names { insert(name, domain, isFirst: seen.insert(domain).inserted) }
  }

  /// The domain that these bytes name; nil when none does.
  func find(_ bytes: UnsafeRawBufferPointer) -> Int? { look(up: bytes)?.domain }

  /// The same for a text.
  func find(name: String) -> Int? {
    var name = name
    return name.withUTF8 { find(UnsafeRawBufferPointer($0)) }
  }

  /// The domain that these bytes name, and whether they do it exactly; nil when none is named.
  func look(up bytes: UnsafeRawBufferPointer) -> Found? {
    let hash = ByteHash.hashLowercased(bytes, seed: seed)
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].length != 0 {
      let slot = slots[place]
      if slot.hash == UInt32(truncatingIfNeeded: hash &>> 32), Int(slot.length) == bytes.count,
        let isExact = compare(Int(slot.start), bytes)
      {
        return Found(domain: Int(slot.domain), isExactName: isExact && slot.isFirst)
      }
      place = (place &+ 1) & mask
    }
    return nil
  }

  private mutating func insert(_ name: String, _ domain: Int, isFirst: Bool) {
    let bytes = Array(name.utf8)
    guard let length = UInt16(exactly: bytes.count), length > 0 else { return }
    let hash = bytes.withUnsafeBytes { ByteHash.hashLowercased($0, seed: seed) }
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].length != 0 { place = (place + 1) & mask }
    slots[place] = Slot(
      hash: UInt32(truncatingIfNeeded: hash &>> 32), start: UInt32(clamping: names.count),
      domain: UInt32(clamping: domain), length: length, isFirst: isFirst)
    names += bytes
  }

  /// nil when the bytes are another name; otherwise whether they are the same in letter case too.
  private func compare(_ start: Int, _ bytes: UnsafeRawBufferPointer) -> Bool? {
    var isExact = true
    for index in 0..<bytes.count {
      let byte = bytes[index]
      let isUpper = byte &- 0x41 < 26
      if (isUpper ? byte | 0x20 : byte) != names[start &+ index] { return nil }
      if isUpper { isExact = false }
    }
    return isExact
  }
}
