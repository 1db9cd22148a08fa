public import GatewayKit

/// The settings of ``ScopeEnforcementPlugin``; its README lists them.
public struct ScopeEnforcementSettings: PluginSettings {
  /// What becomes of a request that is no operation of the catalogue.
  enum Unlisted: String, Sendable, Hashable, CaseIterable {
    case deny, allow
  }

  /// The status for a request without a token where one is needed.
  enum MissingToken: String, Sendable, Hashable, CaseIterable {
    case unauthorized = "401"
    case forbidden = "403"
  }

  /// What becomes of a token's deprecated groups.
  enum Deprecated: String, Sendable, Hashable, CaseIterable {
    case allow, deny
  }

  /// Who may call an operation of which its document does not say it.
  enum WithoutSecurity: String, Sendable, Hashable, CaseIterable {
    case deny, token, allow
  }

  /// Whether a refusal is one.
  enum Mode: String, Sendable, Hashable, CaseIterable {
    case enforce, shadow
  }

  let operations: String
  /// nil for what the catalogue says.
  let basePath: String?
  let unlisted: Unlisted
  let any: [String]
  let all: [String]
  let missingToken: MissingToken
  let deprecated: Deprecated
  let withoutSecurity: WithoutSecurity
  let mode: Mode

  /// Reads the settings and reports what is wrong with them.
  public init(reading settings: SettingsReader) {
    operations = settings.requiredString("operations")
    basePath = Self.readBasePath(settings)
    unlisted = settings.choice("unlisted", default: .deny)
    any = Self.readScopes("any", settings)
    all = Self.readScopes("all", settings)
    missingToken = settings.choice("missing_token", default: .unauthorized)
    deprecated = settings.choice("deprecated", default: .allow)
    withoutSecurity = settings.choice("without_security", default: .deny)
    mode = settings.choice("mode", default: .enforce)
  }

  private static func readBasePath(_ settings: SettingsReader) -> String? {
    guard let path = settings.optionalString("base_path") else { return nil }
    if path.isEmpty || path == "/" { return "" }
    let isPath = path.hasPrefix("/") && !path.hasSuffix("/") && !path.contains("//")
    if !isPath || path.contains(where: { "{}*?#% ".contains($0) }) {
      settings.fail("base_path", "is no plain path", hint: "write a path such as /api, without a slash at its end")
    }
    return path
  }

  private static func readScopes(_ key: String, _ settings: SettingsReader) -> [String] {
    let scopes = settings.strings(key, default: [])
    if settings.has(key), scopes.isEmpty || !scopes.allSatisfy(ScopeName.isValid) {
      settings.fail(key, "is no list of scopes", hint: "write a list such as [userApiTokens.get, all.User.read]")
    }
    return scopes
  }
}
