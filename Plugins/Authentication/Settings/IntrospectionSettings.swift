import AsyncHTTPClient
import GatewayKit
import UserApiTokens

/// Who is asked about tokens, and how long answers are used.
struct IntrospectionSettings: Sendable, Hashable {
  /// What the gateway proves itself with to an endpoint.
  enum Credential: Sendable, Hashable {
    case none
    case client(id: String, secret: Secret)
    case token(Secret)
  }

  enum Endpoint: Sendable, Hashable {
    /// The API, with the caller's own token.
    case api(String, sendsDomain: Bool)
    /// An endpoint as RFC 7662 describes it.
    case rfc7662(String, Credential, hint: String?)
    /// Nothing usable; the mistake is reported.
    case none
  }

  let endpoint: Endpoint
  let remember: Duration
  let refused: Duration
  /// How long ago a token may have been good, in nanoseconds, while nobody can say; nil when it is denied then.
  let lastKnown: Int64?
  let timeout: Duration
  let mostWaiting: Int
  let mostRunning: Int

  init(reading settings: SettingsReader) {
    endpoint = Self.readEndpoint(settings)
    remember = settings.duration("remember", default: .seconds(30), in: .seconds(1) ... .seconds(3600))
    refused = settings.duration("refused", default: .seconds(5), in: .zero ... .seconds(300))
    lastKnown = Self.readLastKnown(settings)
    timeout = settings.duration("timeout", default: .seconds(5), in: .milliseconds(100) ... .seconds(60))
    mostWaiting = settings.int("most_waiting", default: 1024, in: 1...65_536)
    mostRunning = settings.int("most_running", default: 64, in: 1...1024)
    settings.finish()
  }

  private static func readLastKnown(_ settings: SettingsReader) -> Int64? {
    guard settings.has("unreachable") else { return nil }
    if case .mapping? = settings.node("unreachable")?.value, let choice = settings.mapping("unreachable") {
      if !choice.has("last_known") {
        choice.fail(nil, "says nothing", hint: "write unreachable: deny, or unreachable: { last_known: 5m }")
      }
      let time = choice.optionalDuration("last_known", in: .seconds(1) ... .seconds(86_400))
      choice.finish()
      return time?.nanoseconds
    }
    if settings.optionalString("unreachable") != "deny" {
      settings.fail(
        "unreachable", "is neither deny nor a time", hint: "write unreachable: deny, or unreachable: { last_known: 5m }"
      )
    }
    return nil
  }
}

extension IntrospectionSettings {
  private static func readEndpoint(_ settings: SettingsReader) -> Endpoint {
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

extension IntrospectionSettings.Endpoint {
  /// Whether the facts are what the token says of itself, once the endpoint says that it is good.
  var takesClaimsOfToken: Bool {
    if case .api = self { true } else { false }
  }

  /// What the log calls it: the address without its query, which may hold a secret.
  var name: String {
    switch self {
    case .api(let address, _), .rfc7662(let address, _, _): String(address.prefix { $0 != "?" })
    case .none: "none"
    }
  }
}

extension IntrospectionSettings {
  /// The endpoint, reached by this client.
  func endpoint(over client: HTTPClient) -> (any IntrospectionEndpoint)? {
    switch endpoint {
    case .api(let address, let sendsDomain):
      try? ApiEndpoint(address: address, sendsDomain: sendsDomain, timeout: timeout, httpClient: client)
    case .rfc7662(let address, let credential, let hint):
      RFC7662Endpoint(address: address, credential: credential, hint: hint, timeout: timeout, httpClient: client)
    case .none: nil
    }
  }
}
