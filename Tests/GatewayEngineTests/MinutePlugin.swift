import GatewayKit

/// Knows every caller, by a token that ends in a minute.
struct MinutePlugin: Plugin {
  struct Settings: PluginSettings {
    init(reading settings: SettingsReader) {}
  }

  static let descriptor = PluginDescriptor(id: "minute", summary: "Knows every caller for a minute.")

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) throws(ConfigurationError) {}

  func makeFilter(on loop: LoopContext) -> any Filter { MinuteFilter() }
}

private final class MinuteFilter: IdentityFilter {
  func identify(_ exchange: Exchange) -> Verdict {
    let none = Fingerprint(1, 2, 3, 4)
    exchange.identity = Identity(
      fingerprint: none, subject: "somebody", kind: "", issuer: "", tokenID: "", scopes: [], scopesFingerprint: none,
      expiry: exchange.loop.wall + 60_000_000_000)
    return .next
  }
}
