import GatewayKit
import UserApiTokens

extension IntrospectionSettings {
  /// Who is asked, and what the gateway proves itself with.
  static func readEndpoint(_ settings: SettingsReader) -> Endpoint {
    switch (settings.has("api"), settings.has("rfc7662")) {
    case (true, false): return api(settings)
    case (false, true): return rfc7662(settings)
    default:
      settings.fail(
        nil, settings.has("api") ? "asks in two ways" : "names nobody to ask",
        hint: "write either { api: \"https://api.example.com\" } or { rfc7662: \"https://id.example/introspect\" }")
      _ = (settings.node("client"), settings.node("token"), settings.node("hint"), settings.node("domain"))
      return .none
    }
  }

  private static func api(_ settings: SettingsReader) -> Endpoint {
    let sendsDomain = settings.bool("domain", default: true)
    guard let address = address("api", settings) else { return .none }
    do throws(UserApiTokensError) {
      _ = try UserApiTokensClient.Configuration(baseURL: address)
      return .api(address, sendsDomain: sendsDomain)
    } catch {
      settings.fail("api", "is no address of an API", hint: "write it like https://api.losant.com")
      return .none
    }
  }

  private static func rfc7662(_ settings: SettingsReader) -> Endpoint {
    let credential = readCredential(settings)
    let hint = settings.has("hint") ? settings.requiredString("hint") : nil
    guard let address = address("rfc7662", settings) else { return .none }
    return .rfc7662(address, credential, hint: hint)
  }

  /// Where tokens may be sent to: https, or plain http on this machine.
  private static func address(_ key: String, _ settings: SettingsReader) -> String? {
    let text = settings.requiredString(key)
    if text.isEmpty { return nil }
    let authority = KeySourceSettings.authority(of: text)
    let isPlain = text.hasPrefix("http://")
    guard isPlain || text.hasPrefix("https://"), !authority.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      !text.contains("#")
    else {
      settings.fail(key, "is no address", hint: "write it like https://id.example/introspect")
      return nil
    }
    if authority.contains("@") {
      settings.fail(key, "an address must not hold a password", hint: "leave out what stands before the @")
      return nil
    }
    if isPlain, !KeySourceSettings.isLoopback(text) {
      settings.fail(key, "tokens must not go over plain http", hint: "write an https address")
      return nil
    }
    return text
  }

  private static func readCredential(_ settings: SettingsReader) -> Credential {
    if settings.has("client"), settings.has("token") {
      settings.fail("token", "stands beside `client`", hint: "prove the gateway in one way: `client` or `token`")
    }
    if let client = settings.mapping("client") {
      let id = client.requiredString("id")
      let secret = client.secret("secret")
      if !client.has("secret") { client.fail("secret", "is missing", hint: "write secret: { env: NAME }") }
      client.finish()
      return secret.map { .client(id: id, secret: $0) } ?? .none
    }
    if settings.has("client") { settings.fail("client", "is empty", hint: "write { id: name, secret: { env: NAME } }") }
    guard settings.has("token") else { return .none }
    guard let token = settings.secret("token") else {
      if case .null? = settings.node("token")?.value { settings.fail("token", "is empty", hint: "write { env: NAME }") }
      return .none
    }
    if !token.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      settings.fail("token", "holds characters that no token has", hint: "check the file or the variable")
    }
    return .token(token)
  }
}
