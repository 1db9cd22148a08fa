/// The values of claims that somebody wants to see later, as text.
enum KeptClaims {
  /// Longer values are left out: they are for fields, which have bounds.
  static let longest = 4 << 10

  /// The values of the claims that the token has, in the order of the names. Texts, numbers and booleans as they are, a
  /// list of texts joined by blanks; anything else, and what is too long, is left out.
  static func read(_ names: [String], from claims: JSONObject) -> [(name: String, value: String)] {
    names.compactMap { name in
      guard let value = claims.value(at: name).flatMap(text), value.utf8.count <= longest else { return nil }
      return (name, value)
    }
  }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text), .number(let text): text
    case .bool(let bool): bool ? "true" : "false"
    case .array: value.texts?.joined(separator: " ")
    case .null, .object: nil
    }
  }
}
