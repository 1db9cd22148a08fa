import GatewayKit

extension DomainClaim {
  /// Reads `domain_claim`: the name of a claim, or `{ claim: aud, value: "https://{domain}/" }`. Nil when it is absent
  /// or wrong; what is wrong was reported.
  static func read(_ settings: SettingsReader) -> DomainClaim? {
    guard case .mapping? = settings.node("domain_claim")?.value else {
      return ClaimName.read("domain_claim", settings).map(DomainClaim.init(claim:))
    }
    guard let rule = settings.mapping("domain_claim") else { return nil }
    let (claim, value) = (rule.requiredString("claim"), rule.string("value", default: mark))
    rule.finish()
    if let read = DomainClaim(claim: claim, value: value) { return read }
    rule.fail(
      "value", "does not hold \(mark) exactly once", hint: "write what the claim looks like, such as https://\(mark)/")
    return nil
  }
}

/// Reads the names of claims.
enum ClaimName {
  /// A claim's name; nil when the key is absent. A key that is there and names nothing is reported.
  static func read(_ key: String, _ settings: SettingsReader) -> String? {
    guard settings.has(key) else { return nil }
    let claim = settings.string(key, default: "")
    if claim.isEmpty { settings.fail(key, "is empty", hint: "name a claim, such as scope or realm.scopes") }
    return claim
  }
}
