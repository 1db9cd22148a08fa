import UserApiTokens

/// The checks of JSON Schema that the token bodies use, with the API's reasons.
///
/// A check names the member with its path, as in `orgRoles.0.role`, and stops at the first thing that is wrong.
struct SchemaChecks {
  static func object(
    _ value: JSONValue, at path: String, required: [String], allowed: [String]
  ) throws(ServiceFailure) -> [String: JSONValue] {
    guard case .object(let members) = value else { throw .validation(path, "is the wrong type") }
    // The members of the body itself have no path before them.
    let prefix = path == "apiToken" ? "" : path + "."
    for name in required where members[name] == nil { throw .validation(prefix + name, "is required") }
    for name in members.keys.sorted() where !allowed.contains(name) {
      throw .validation(prefix + name, "is an additional property")
    }
    return members
  }

  static func string(
    _ value: JSONValue?, at path: String, length: ClosedRange<Int>
  ) throws(ServiceFailure) -> String? {
    guard let value else { return nil }
    guard let text = value.stringValue else { throw .validation(path, "is the wrong type") }
    let count = text.unicodeScalars.count
    if count < length.lowerBound { throw .validation(path, "has less length than allowed") }
    if count > length.upperBound { throw .validation(path, "has longer length than allowed") }
    return text
  }

  static func word<Word: WireValue>(
    _ value: JSONValue?, at path: String, _ type: Word.Type = Word.self
  ) throws(ServiceFailure) -> Word? {
    guard let value else { return nil }
    guard let text = value.stringValue else { throw .validation(path, "is the wrong type") }
    guard let word = Word.known.first(where: { $0.rawValue == text }) else {
      throw .validation(path, "must be one of: \(Word.known.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }

  static func array(_ value: JSONValue?, at path: String, maximum: Int) throws(ServiceFailure) -> [JSONValue]? {
    guard let value else { return nil }
    guard case .array(let items) = value else { throw .validation(path, "is the wrong type") }
    if items.count > maximum { throw .validation(path, "has more items than allowed") }
    return items
  }

  static func id(_ value: JSONValue?, at path: String) throws(ServiceFailure) -> String {
    guard let text = value?.stringValue else { throw .validation(path, "is the wrong type") }
    guard isID(text) else { throw .validation(path, "pattern mismatch") }
    return text
  }

  /// `^[A-Fa-f\d]{24}$`
  static func isID(_ text: String) -> Bool {
    text.utf8.count == 24
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
      }
  }
}
