public import GatewayKit
import UserApiTokens

/// Follows a user's API tokens with a service token and refuses those that are good no more.
public struct TokenRegistryPlugin: Plugin {
  /// `token-registry`.
  public static let descriptor = PluginDescriptor(
    id: "token-registry", summary: "Follows the API's list of tokens and refuses those that are good no more.")

  let registry: TokenRegistry
  private let settings: TokenRegistrySettings
  private let replies: RegistryReplies

  /// Asks nobody anything yet; the list comes with ``start()``.
  public init(
    settings: TokenRegistrySettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    try self.init(settings: settings, at: position, environment: environment, tuning: ListReader.Tuning())
  }

  init(
    settings: TokenRegistrySettings, at position: SourcePosition, environment: PluginEnvironment,
    tuning: ListReader.Tuning
  ) throws(ConfigurationError) {
    self.settings = settings
    replies = RegistryReplies(environment.counters)
    do throws(ReadingProblem) {
      registry = try TokenRegistry(settings: settings, environment: environment, tuning: tuning)
      Self.show(registry, for: settings, in: environment.counters)
    } catch {
      let issue = ConfigurationIssue(
        position: position, path: Self.descriptor.id, message: error.description,
        hint: "see the settings in the README of TokenRegistry")
      throw ConfigurationError(issues: [issue])
    }
  }

  /// What an operator watches: a list that grows old is one that is not followed any more.
  private static func show(_ registry: TokenRegistry, for settings: TokenRegistrySettings, in counters: CounterRegistry)
  {
    let labels = [("api", settings.api), ("domain", settings.domain ?? "")]
    counters.gauge(
      "gatehouse_token_registry_age_seconds", help: "Time since the list of tokens was found to be as it is.",
      labels: labels
    ) { [weak registry] in registry.flatMap { $0.list == nil ? nil : Int64($0.age) } }
    counters.gauge("gatehouse_token_registry_tokens", help: "Tokens that the list holds.", labels: labels) {
      [weak registry] in registry.map { Int64($0.count) }
    }
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    TokenRegistryFilter(registry: registry, replies: replies, settings: settings)
  }

  /// Reads the list; fails when it cannot be had.
  public func start() async throws { try await registry.start() }

  /// Ends the following.
  public func shutdown() async { await registry.shutdown() }
}
