import AsyncHTTPClient
import GatewayKit

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
