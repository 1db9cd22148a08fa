import GatewayKit

extension CacheSettings {
  /// Fields in which origins name tags: separated by blanks, and by commas.
  package enum TagField: String, CaseIterable, Sendable {
    case surrogateKey = "surrogate-key"
    case cacheTag = "cache-tag"
  }

  static func readTags(_ settings: SettingsReader, _ key: String) -> [String] {
    let tags = settings.strings(key, default: [])
    if let problem = CacheTagName.problem(tags) { settings.fail(key, problem, hint: CacheTagName.hint) }
    return tags
  }
}
