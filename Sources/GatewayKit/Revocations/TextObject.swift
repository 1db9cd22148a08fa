/// A JSON object (RFC 8259) whose members are all texts, read strictly: nothing twice, nothing behind it.
package enum TextObject {
  typealias Problem = RevocationMembers.Problem

  static func read(_ json: some Collection<UInt8>) throws(Problem) -> [String: String] {
    var reader = Reader(bytes: Array(json))
    return try reader.object()
  }

  /// The object on one line.
  package static func render(_ members: [(String, String)]) -> String {
    "{" + members.map { "\(text($0.0)):\(text($0.1))" }.joined(separator: ",") + "}"
  }

  /// A JSON string. Line separators are escaped too, so that it stays on one line whoever reads it.
  package static func text(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\" + String(scalar)
      case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    mutating func object() throws(Problem) -> [String: String] {
      var members: [String: String] = [:]
      guard take("{") else { throw problem("an object such as {\"id\": \"...\"} was expected") }
      if !take("}") {
        repeat {
          skipBlanks()
          let name = try string()
          guard take(":") else { throw problem("a colon was expected") }
          skipBlanks()
          guard members.updateValue(try string(), forKey: name) == nil else {
            throw Problem(message: "the member \(Display.text(name, limit: 60)) stands there twice")
          }
        } while take(",")
        guard take("}") else { throw problem("`,` or `}` was expected") }
      }
      skipBlanks()
      guard index == bytes.count else { throw problem("nothing more was expected") }
      return members
    }

    /// The text in quotes that begins here.
    private mutating func string() throws(Problem) -> String {
      guard next() == UInt8(ascii: "\"") else { throw problem("a text in double quotes was expected") }
      var text: [UInt8] = []
      while let byte = next() {
        switch byte {
        case UInt8(ascii: "\""):
          guard let text = String(validating: text, as: UTF8.self) else { throw problem("the text is not UTF-8") }
          return text
        case UInt8(ascii: "\\"): text += try escaped()
        case ..<0x20: throw problem("a control character stands in a text")
        default: text.append(byte)
        }
      }
      throw problem("the text has no end")
    }

    private mutating func escaped() throws(Problem) -> [UInt8] {
      switch next() {
      case UInt8(ascii: "b"): return [8]
      case UInt8(ascii: "f"): return [12]
      case UInt8(ascii: "n"): return [10]
      case UInt8(ascii: "r"): return [13]
      case UInt8(ascii: "t"): return [9]
      case UInt8(ascii: "u"): return try escapedScalar()
      case let byte? where "\"\\/".utf8.contains(byte): return [byte]
      default: throw problem("an unknown escape")
      }
    }

    private mutating func escapedScalar() throws(Problem) -> [UInt8] {
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value), next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") {
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw problem("half of a surrogate pair") }
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw problem("half of a surrogate pair") }
      return Array(String(scalar).utf8)
    }

    private mutating func hexadecimal() throws(Problem) -> UInt32 {
      var value: UInt32 = 0
      for _ in 0..<4 {
        guard let byte = next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
          throw problem("four hexadecimal digits were expected")
        }
        value = value << 4 | UInt32(digit)
      }
      return value
    }

    private mutating func next() -> UInt8? {
      guard index < bytes.count else { return nil }
      defer { index += 1 }
      return bytes[index]
    }

    /// Whether this character comes next, after blanks; it is passed then.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipBlanks()
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    private mutating func skipBlanks() {
      while index < bytes.count, " \t\r\n".utf8.contains(bytes[index]) { index += 1 }
    }

    private func problem(_ message: String) -> Problem { Problem(message: "no JSON at byte \(index): \(message)") }
  }
}
