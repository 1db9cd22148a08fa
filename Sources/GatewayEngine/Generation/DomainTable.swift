import HTTPWire

/// Finds a domain by the bytes of one of its names, in any letter case. Open addressing; a look-up allocates nothing.
struct DomainTable: Sendable {
  private struct Entry: Sendable {
    var hash: UInt64
    var name: [UInt8]
    var domain: Int
  }

  private let seed: UInt64
  private let mask: Int
  /// Index into `entries` plus one; zero is an empty place.
  private var places: [UInt32]
  private var entries: [Entry] = []

  /// - Parameters:
  ///   - names: lower-case names with the domain that each means.
  ///   - seed: seeds the hash, since clients choose what is looked up.
  init(_ names: [(name: String, domain: Int)], seed: UInt64) {
    var size = 16
    while size < names.count * 2 { size *= 2 }
    self.seed = seed
    self.mask = size - 1
    self.places = Array(repeating: 0, count: size)
    for name in names { insert(Array(name.name.utf8), name.domain) }
  }

  /// The domain that these bytes name; nil when none does.
  func find(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let hash = ByteHash.hashLowercased(bytes, seed: seed)
    var place = Int(truncatingIfNeeded: hash) & mask
    while places[place] != 0 {
      let index = Int(places[place]) - 1
      if entries[index].hash == hash, Self.equal(entries[index].name, bytes) { return entries[index].domain }
      place = (place + 1) & mask
    }
    return nil
  }

  /// The same for a text.
  func find(name: String) -> Int? {
    var name = name
    return name.withUTF8 { find(UnsafeRawBufferPointer($0)) }
  }

  private mutating func insert(_ name: [UInt8], _ domain: Int) {
    let hash = name.withUnsafeBytes { ByteHash.hashLowercased($0, seed: seed) }
    var place = Int(truncatingIfNeeded: hash) & mask
    while places[place] != 0 { place = (place + 1) & mask }
    entries.append(Entry(hash: hash, name: name, domain: domain))
    places[place] = UInt32(entries.count)
  }

  private static func equal(_ name: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard name.count == bytes.count else { return false }
    for index in name.indices {
      let byte = bytes[index]
      let folded = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if folded != name[index] { return false }
    }
    return true
  }
}
