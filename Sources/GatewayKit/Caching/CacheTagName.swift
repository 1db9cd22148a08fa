/// Names of tags as people write them, in configurations, catalogues and purges.
package enum CacheTagName {
  /// The longest name, in bytes.
  package static let longest = 256

  /// Whether it is a name: visible ASCII characters without commas.
  package static func isOne(_ text: String) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
  }

  /// How many a place may name.
  package static let most = 16

  /// What is wrong with a list of tags; nil for nothing.
  package static func problem(_ tags: [String]) -> String? {
    if tags.count > most { return "more than \(most) tags" }
    return tags.allSatisfy(isOne) ? nil : "a name that is no tag"
  }

  package static let hint = "name at most \(most) tags, each of 1 to \(longest) visible characters without commas"
}
