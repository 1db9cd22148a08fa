/// Which claim names the token's domain, and how: the claim must be, or hold, the value with the name in it.
struct DomainClaim: Sendable, Hashable {
  static let mark = "{domain}"

  let claim: String
  /// What stands before the name.
  let prefix: String
  /// What stands behind the name.
  let suffix: String

  /// A claim that is the name itself.
  init(claim: String) { (self.claim, prefix, suffix) = (claim, "", "") }

  /// Nil unless the value holds `{domain}` exactly once.
  init?(claim: String, value: String) {
    let parts = value.split(separator: Self.mark, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    (self.claim, prefix, suffix) = (claim, String(parts[0]), String(parts[1]))
  }

  /// The domain that a text names; nil when it has another form. Bytes count, not characters.
  func domain(in text: String) -> [UInt8]? {
    let (text, prefix, suffix) = (Array(text.utf8), prefix.utf8, suffix.utf8)
    guard text.count > prefix.count + suffix.count, text.starts(with: prefix),
      text.suffix(suffix.count).elementsEqual(suffix)
    else { return nil }
    return Array(text[prefix.count..<(text.count - suffix.count)])
  }
}
