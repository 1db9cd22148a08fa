import GatewayKit

/// Reads where a key set or a public key is: a plain path (or, for key sets, an address), `{ file: path }` or
/// `{ env: NAME }`.
enum KeyPlace {
  /// The place of a key set.
  static func keySet(_ settings: SettingsReader) -> KeySourceSettings.Origin {
    if isMapping("jwks", settings) {
      return named("jwks", settings, file: KeySourceSettings.Origin.file, variable: KeySourceSettings.Origin.keySet)
    }
    guard let text = settings.optionalString("jwks") else {
      settings.fail("jwks", "is empty", hint: "name a file or an https address")
      return .none
    }
    if text.hasPrefix("http"), WebAddress.authority(of: text).contains("@") {
      settings.fail("jwks", "an address must not hold a password", hint: "leave out what stands before the @")
      return .none
    }
    if text.hasPrefix("https://") { return .url(text) }
    if text.hasPrefix("http://") {
      if WebAddress.isLoopback(text) { return .url(text) }
      settings.fail("jwks", "keys must not come over plain http", hint: "write an https address")
      return .none
    }
    return file("jwks", settings).map { .file($0) } ?? .none
  }

  /// The place of a public key.
  static func publicKey(_ settings: SettingsReader) -> KeySourceSettings.Origin {
    if isMapping("pem", settings) {
      return named("pem", settings, file: KeySourceSettings.Origin.pem, variable: KeySourceSettings.Origin.pemText)
    }
    return file("pem", settings).map { .pem($0) } ?? .none
  }

  /// The address as logs and metrics show it: without query and fragment, which may hold what is not for everybody.
  static func label(of url: String) -> String {
    String(url.prefix { $0 != "?" && $0 != "#" }.prefix(200))
  }

  private static func file(_ key: String, _ settings: SettingsReader) -> String? {
    guard settings.optionalString(key)?.contains("://") != true else {
      settings.fail(key, "is an address that no keys are fetched from", hint: "name a file, or jwks: https://...")
      return nil
    }
    return settings.path(key)
  }

  private static func isMapping(_ key: String, _ settings: SettingsReader) -> Bool {
    if case .mapping? = settings.node(key)?.value { true } else { false }
  }

  private static func named(
    _ key: String, _ settings: SettingsReader, file: (String) -> KeySourceSettings.Origin,
    variable: (Secret) -> KeySourceSettings.Origin
  ) -> KeySourceSettings.Origin {
    if let place = settings.mapping(key), place.has("file"), !place.has("env") {
      let path = place.path("file")
      place.finish()
      return path.map(file) ?? .none
    }
    return settings.secret(key).map(variable) ?? .none
  }
}
