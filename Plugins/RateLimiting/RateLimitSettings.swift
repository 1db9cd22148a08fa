public import GatewayKit

/// The settings of `rate-limit`, as README.md describes them.
public struct RateLimitSettings: PluginSettings {
  /// What a key is made of.
  package enum Part: String, CaseIterable, Sendable {
    case domain, token, subject, route, operation, method, address
  }

  /// What holds when a request has nothing to show for a part.
  package enum Missing: String, CaseIterable, Sendable {
    /// The rule does not apply.
    case skip
    /// The request is refused.
    case deny
    /// All such requests share one allowance.
    case constant
  }

  /// What holds when the table has no room for one more caller.
  package enum WhenFull: String, CaseIterable, Sendable {
    case refuse, allow
  }

  /// Where allowances are kept.
  package enum Store: String, CaseIterable, Sendable {
    case memory, redis
  }

  /// What holds when a shared store cannot tell.
  package enum OnFailure: String, CaseIterable, Sendable {
    /// The request passes uncounted.
    case open
    /// The request is refused.
    case closed
  }

  package let store: Store
  package let onFailure: OnFailure
  package let key: [Part]
  package let rate: Rate
  package let burst: Int
  package let rule: LimitRule
  package let missing: Missing
  package let headers: Bool
  package let entries: Int
  package let whenFull: WhenFull
  package let name: String
  package let ipv6Prefix: Int

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    store = settings.choice("store", default: .memory)
    onFailure = settings.choice("on_failure", default: .open)
    key = settings.choices("key", default: [.domain, .token])
    missing = settings.choice("missing", default: .constant)
    headers = settings.bool("headers", default: true)
    entries = settings.int("entries", default: 1_000_000, in: 1...100_000_000)
    whenFull = settings.choice("when_full", default: .refuse)
    ipv6Prefix = settings.int("ipv6_prefix", default: 64, in: 16...128)
    name = Self.name(settings)
    if key.isEmpty, settings.has("key") {
      settings.fail("key", "names no part", hint: "name at least one of \(Self.parts)")
    }
    if !settings.has("rate") { settings.fail(nil, "`rate` is missing", hint: "write a rate such as rate: 600/m") }
    Self.refuse(store == .memory ? ["on_failure"] : ["entries", "when_full"], with: store, settings)
    let (rate, burst, rule) = Self.rule(settings)
    self.rate = rate
    self.burst = burst
    self.rule = rule
  }

  /// What another store would need is a misunderstanding here.
  private static func refuse(_ keys: [String], with store: Store, _ settings: SettingsReader) {
    for key in keys where settings.has(key) {
      settings.fail(key, "has no meaning with store: \(store.rawValue)", hint: "remove it, or choose the other store")
    }
  }

  private static var parts: String { Part.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The name goes into a quoted string of the RateLimit field, so it is kept plain.
  private static func name(_ settings: SettingsReader) -> String {
    let name = settings.string("name", default: "default")
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    if !isPlain || name.isEmpty || name.utf8.count > 64 {
      settings.fail("name", "is no plain name", hint: "use 1 to 64 letters, digits, hyphens and underscores")
    }
    return name
  }

  private static func rule(_ settings: SettingsReader) -> (Rate, Int, LimitRule) {
    let given = settings.rate("rate")
    let burst = settings.optionalInt("burst", in: 1...1_000_000_000)
    let rate = given ?? fallback.0
    if let rule = LimitRule(rate: rate, burst: burst ?? rate.count) { return (rate, burst ?? rate.count, rule) }
    settings.fail(
      "burst", "so many at once take longer than 36 years to come back", hint: "write a smaller burst or a faster rate")
    return (fallback.0, fallback.0.count, fallback.1)
  }

  /// Stands in for settings that were reported as wrong; never in effect.
  private static let fallback: (Rate, LimitRule) = {
    guard let rate = Rate(count: 1, period: .seconds(1)), let rule = LimitRule(rate: rate, burst: 1) else {
      preconditionFailure("one in a second is a rate")
    }
    return (rate, rule)
  }()
}
