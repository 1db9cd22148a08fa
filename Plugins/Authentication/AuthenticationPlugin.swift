public import GatewayKit

/// Verifies access tokens (JWS in compact form, RFC 7515 and RFC 7519) and tells later filters who asks.
public struct AuthenticationPlugin: Plugin {
  /// `authentication`.
  public static let descriptor = PluginDescriptor(
    id: "authentication", summary: "Verifies access tokens and establishes who asks.")

  private let settings: AuthenticationSettings
  private let replies: RefusalReplies
  private let slot: StateSlot
  private let revocations: TokenRevocations
  let judge: TokenJudge

  /// Reads the keys that files and secrets hold; those at addresses come with ``start()``.
  ///
  /// A key that cannot be read or is too weak fails the load.
  public init(
    settings: AuthenticationSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    replies = RefusalReplies(missing: settings.missing)
    slot = environment.makeStateSlot()
    revocations = environment.revocations
    do throws(KeyProblem) {
      judge = try TokenJudge(settings: settings, environment: environment)
    } catch {
      let issue = ConfigurationIssue(
        position: position, path: Self.descriptor.id, message: "keys cannot be used: \(error.message)",
        hint: "see `keys` in the README of Authentication")
      throw ConfigurationError(issues: [issue])
    }
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    AuthenticationFilter(judge: judge, replies: replies, settings: settings, slot: slot, revocations: revocations)
  }

  /// Fetches the key sets that are at addresses; fails when one cannot be had or holds no key.
  public func start() async throws { try await judge.keys.start() }

  /// Ends the renewal of keys.
  public func shutdown() async { await judge.keys.shutdown() }
}
