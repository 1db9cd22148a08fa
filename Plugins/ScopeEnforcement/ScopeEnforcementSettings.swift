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

  let operations: String
  let basePath: String
  let unlisted: Unlisted
  let any: [String]
  let all: [String]
  let missingToken: MissingToken

  /// Reads the settings and reports what is wrong with them.
  public init(reading settings: SettingsReader) {
    operations = settings.requiredString("operations")
    basePath = Self.readBasePath(settings)
    unlisted = settings.choice("unlisted", default: .deny)
    any = Self.readScopes("any", settings)
    all = Self.readScopes("all", settings)
    missingToken = settings.choice("missing_token", default: .unauthorized)
  }

  private static func readBasePath(_ settings: SettingsReader) -> String {
    let path = settings.string("base_path", default: "")
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
