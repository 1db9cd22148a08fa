/// A JSON value as ``StrictJSON`` reads it. Numbers stay text, so that none is rounded before somebody asks.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The text of a string.
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The texts of an array that holds strings only.
  var texts: [String]? {
    guard case .array(let items) = self else { return nil }
    var texts: [String] = []
    for item in items {
      guard let text = item.text else { return nil }
      texts.append(text)
    }
    return texts
  }
}

/// The members of a JSON object; their names are unique.
struct JSONObject: Sendable {
  private(set) var members: [(name: String, value: JSONValue)] = []

  /// The value of a member. Names compare byte for byte.
  subscript(name: String) -> JSONValue? {
    members.first { $0.name.hasSameBytes(as: name) }?.value
  }

  /// The value at a name, or else at the end of a way of names joined by dots.
  func value(at path: String) -> JSONValue? {
    if let value = self[path] { return value }
    guard path.utf8.contains(UInt8(ascii: ".")) else { return nil }
    var object = self
    var value: JSONValue?
    for name in path.split(separator: ".", omittingEmptySubsequences: false) {
      if let value {
        guard case .object(let inner) = value else { return nil }
        object = inner
      }
      guard let found = object[String(name)] else { return nil }
      value = found
    }
    return value
  }

  /// False when there is a member of that name already.
  mutating func insert(_ name: String, _ value: JSONValue) -> Bool {
    // Names that differ only in their Unicode form count as the same here: other readers may see one name in them.
    guard !members.contains(where: { $0.name == name }) else { return false }
    members.append((name, value))
    return true
  }
}

extension String {
  /// Whether the texts are the same bytes. `==` also takes other Unicode forms of a text for it.
  func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
