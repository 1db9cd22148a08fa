public import GatewayKit

/// The settings of ``AuthenticationPlugin``; its README lists them.
public struct AuthenticationSettings: PluginSettings {
  /// What becomes of a request without a token.
  enum Missing: String, Sendable, Hashable, CaseIterable {
    case unauthorized = "401"
    case forbidden = "403"
    case allow
  }

  /// What becomes of a token in the query.
  enum Query: String, Sendable, Hashable, CaseIterable {
    case refuse, judge
  }

  let keys: [KeySourceSettings]
  let introspection: IntrospectionSettings?
  let algorithms: [SignatureAlgorithm]
  let issuers: [String]
  let audiences: [String]
  let leeway: Duration
  let requiresExpiry: Bool
  let scopeClaim: String
  let kinds: [String]
  let kindClaim: String
  let tokenIDClaim: String
  let domainClaim: DomainClaim?
  /// Claims that other plugins judge by.
  let keepClaims: [String]
  let missing: Missing
  let query: Query
  let maxToken: Int
  let cacheEntries: Int
  let cacheBytes: Int
  let refresh: Duration
  let cooldown: Duration
  let forward: ForwardingSettings

  /// Reads the settings and reports what is wrong with them.
  public init(reading settings: SettingsReader) {
    keys = Self.readKeys(settings)
    introspection = Self.readIntrospection(settings)
    algorithms = settings.choices("algorithms", default: [])
    if settings.has("algorithms"), algorithms.isEmpty {
      settings.fail("algorithms", "names no algorithm", hint: "name one, such as EdDSA, or leave `algorithms` out")
    }
    issuers = Self.readNames("issuer", settings)
    audiences = Self.readNames("audience", settings)
    leeway = settings.duration("leeway", default: .seconds(30), in: .zero ... .seconds(600))
    requiresExpiry = settings.bool("require_expiry", default: false)
    scopeClaim = ClaimName.read("scope_claim", settings) ?? "scope"
    kinds = Self.readNames("kinds", settings)
    kindClaim = ClaimName.read("kind_claim", settings) ?? "subtype"
    tokenIDClaim = ClaimName.read("token_id_claim", settings) ?? "jti"
    domainClaim = DomainClaim.read(settings)
    keepClaims = Self.readKeptClaims(settings)
    missing = settings.choice("missing", default: .unauthorized)
    query = settings.choice("query", default: .refuse)
    maxToken = settings.size("max_token", default: 8 << 10, in: 256...(64 << 10))
    refresh = settings.duration("refresh", default: .seconds(300), in: .seconds(1) ... .seconds(86_400))
    cooldown = settings.duration("cooldown", default: .seconds(1), in: .milliseconds(100) ... .seconds(3600))
    forward = settings.mapping("forward").map(ForwardingSettings.init(reading:)) ?? .unchanged
    if query == .judge, forward.token != .pass {
      settings.fail(
        "forward.token", "cannot take a token out of the query, where the API reads it first",
        hint: "leave `query` at refuse, or `forward.token` at pass")
    }
    let cache = settings.mapping("cache")
    cacheEntries = cache?.int("entries", default: Self.defaultEntries, in: 0...10_000_000) ?? Self.defaultEntries
    cacheBytes = cache?.size("bytes", default: Self.defaultBytes, in: 0...(16 << 30)) ?? Self.defaultBytes
    cache?.finish()
  }

  private static let defaultEntries = 200_000
  private static let defaultBytes = 256 << 20
  private static let mostSources = 32

  private static func readKeys(_ settings: SettingsReader) -> [KeySourceSettings] {
    var readers: [SettingsReader] = []
    if case .sequence? = settings.node("keys")?.value {
      readers = settings.mappings("keys")
    } else if let one = settings.mapping("keys") {
      readers = [one]
    }
    if !settings.has("keys"), settings.has("introspect") { return [] }
    if readers.isEmpty || readers.count > mostSources {
      settings.fail(
        "keys", readers.isEmpty ? "is missing: no token could be verified" : "names too many sources",
        hint: "write keys: { jwks: https://id.example/jwks.json }, or a list of up to \(mostSources), or `introspect`")
    }
    return readers.map(KeySourceSettings.init(reading:))
  }

  private static func readKeptClaims(_ settings: SettingsReader) -> [String] {
    let names = readNames("keep_claims", settings)
    if names.count > mostKeptClaims || Set(names).count < names.count {
      settings.fail(
        "keep_claims", "names a claim twice, or more than \(mostKeptClaims)",
        hint: "name each claim once that others judge by")
    }
    return names
  }

  private static let mostKeptClaims = 16

  private static func readIntrospection(_ settings: SettingsReader) -> IntrospectionSettings? {
    guard settings.has("introspect") else { return nil }
    if let introspection = settings.mapping("introspect") { return IntrospectionSettings(reading: introspection) }
    settings.fail("introspect", "is empty", hint: "write introspect: { api: \"https://api.example.com\" }")
    return nil
  }

  /// The names that are taken; none when the key is absent, which takes any. A key that is there and names nothing is a
  /// mistake that must not open the gate.
  private static func readNames(_ key: String, _ settings: SettingsReader) -> [String] {
    let names = settings.strings(key, default: [])
    if settings.has(key), names.isEmpty || names.contains("") {
      settings.fail(key, "names nothing", hint: "name what is taken, or leave `\(key)` out to take any")
    }
    return names
  }
}
