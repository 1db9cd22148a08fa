/// Reads a key set (RFC 7517) or a single key.
enum JSONWebKeySet {
  static let mostKeys = 64
  static let largest = 256 << 10

  /// What a key set holds.
  struct Content {
    var keys: [VerificationKey] = []
    /// Keys that are malformed, told by their place and, if it is known, name.
    var problems: [String] = []
    /// How many keys were left out because they are for something else: another use, type or algorithm.
    var skipped = 0
  }

  /// Reads the set; only the set as a whole being unreadable is an error.
  static func parse(_ bytes: [UInt8], terms: KeyTerms) throws(KeyProblem) -> Content {
    guard bytes.count <= largest else { throw KeyProblem("is larger than \(largest >> 10)KB") }
    guard let object = try? StrictJSON.object(bytes) else {
      throw KeyProblem("is no JSON object with unique members, or nested too deeply")
    }
    if object["kty"] != nil { return content(of: [.object(object)], terms) }
    guard case .array(let items)? = object["keys"] else {
      throw KeyProblem("has no list `keys` (RFC 7517 section 5)")
    }
    guard items.count <= mostKeys else { throw KeyProblem("has more than \(mostKeys) keys") }
    return content(of: items, terms)
  }

  private static func content(of items: [JSONValue], _ terms: KeyTerms) -> Content {
    var content = Content()
    for (index, item) in items.enumerated() {
      do throws(KeyProblem) {
        guard case .object(let object) = item else { throw KeyProblem("is no object") }
        if let key = try JSONWebKey.key(object, terms: terms) {
          content.keys.append(key)
        } else {
          content.skipped += 1
        }
      } catch {
        content.problems.append("keys[\(index)] \(error.message)")
      }
    }
    return content
  }
}
