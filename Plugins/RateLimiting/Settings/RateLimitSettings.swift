public import GatewayKit

/// The settings of `rate-limit`: one rule, or several under `limits`.
public struct RateLimitSettings: PluginSettings {
  /// The rules, in the order of the configuration.
  package let rules: [LimitRuleSettings]

  /// How many rules there may be.
  private static let most = LimitRequest.mostClaims / 2

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    guard settings.has("limits") else {
      rules = [LimitRuleSettings(reading: settings)]
      return
    }
    var rules: [LimitRuleSettings] = []
    for section in settings.mappings("limits") {
      let rule = LimitRuleSettings(reading: section)
      section.finish()
      if rules.contains(where: { $0.name == rule.name }) {
        section.fail("name", "two rules are called `\(rule.name)`", hint: "give each rule a name of its own")
      }
      rules.append(rule)
    }
    if rules.isEmpty { settings.fail("limits", "names no rule", hint: "write - { name: requests, rate: 600/m }") }
    if rules.count > Self.most {
      settings.fail("limits", "has more than \(Self.most) rules", hint: "write at most \(Self.most)")
    }
    self.rules = rules
  }
}
