/// Reads one JSON object and nothing else (RFC 8259), for tokens and key sets.
///
/// It is stricter than common readers, because two readers that disagree about a token are a way in: member names are
/// unique, the text is UTF-8, escapes are whole, and nothing but blanks follows. Depth, members and values are bounded.
struct StrictJSON {
  /// The text is no JSON object, or a larger or deeper one than is read.
  struct Malformed: Error, Equatable {}

  static let deepest = 16
  static let mostMembers = 256
  static let mostValues = 16_384
  static let longestNumber = 64

  let bytes: [UInt8]
  var offset = 0
  private var values = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The object that the bytes hold.
  static func object(_ bytes: [UInt8]) throws(Malformed) -> JSONObject {
    var reader = StrictJSON(bytes)
    reader.skipBlanks()
    guard reader.peek == UInt8(ascii: "{") else { throw Malformed() }
    let object = try reader.readObject(depth: 1)
    reader.skipBlanks()
    guard reader.peek == nil else { throw Malformed() }
    return object
  }

  var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { offset += 1 }
  }

  /// Takes the byte if it comes next.
  mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  private mutating func readValue(depth: Int) throws(Malformed) -> JSONValue {
    values += 1
    guard depth <= Self.deepest, values <= Self.mostValues, let first = peek else { throw Malformed() }
    switch first {
    case UInt8(ascii: "{"): return .object(try readObject(depth: depth))
    case UInt8(ascii: "["): return .array(try readArray(depth: depth))
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    default: return .number(try readNumber())
    }
  }

  private mutating func readObject(depth: Int) throws(Malformed) -> JSONObject {
    var object = JSONObject()
    offset += 1
    skipBlanks()
    if take(UInt8(ascii: "}")) { return object }
    repeat {
      skipBlanks()
      let name = try readString()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw Malformed() }
      skipBlanks()
      let value = try readValue(depth: depth + 1)
      guard object.members.count < Self.mostMembers, object.insert(name, value) else { throw Malformed() }
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw Malformed() }
    return object
  }

  private mutating func readArray(depth: Int) throws(Malformed) -> [JSONValue] {
    var items: [JSONValue] = []
    offset += 1
    skipBlanks()
    if take(UInt8(ascii: "]")) { return items }
    repeat {
      skipBlanks()
      items.append(try readValue(depth: depth + 1))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw Malformed() }
    return items
  }

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(Malformed) -> JSONValue {
    let count = word.utf8CodeUnitCount
    guard bytes.count - offset >= count else { throw Malformed() }
    let isWord = word.withUTF8Buffer { bytes[offset..<(offset + count)].elementsEqual($0) }
    guard isWord else { throw Malformed() }
    offset += count
    return value
  }
}
