public import GatewayKit

/// Verifies access tokens (JWS in compact form, RFC 7515 and RFC 7519) and tells later filters who asks.
public struct AuthenticationPlugin: Plugin {
  /// `authentication`.
  public static let descriptor = PluginDescriptor(
    id: "authentication", summary: "Verifies access tokens and establishes who asks.")

  let settings: AuthenticationSettings
  let replies: RefusalReplies
  private let slot: StateSlot
  let revocations: TokenRevocations
  private let forwarding: Forwarding?
  let judge: TokenJudge

  /// Reads the keys that files and secrets hold; those at addresses come with ``start()``.
  ///
  /// A key that cannot be read or is too weak fails the load.
  public init(
    settings: AuthenticationSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    replies = RefusalReplies(missing: settings.missing, cooldown: settings.cooldown)
    slot = environment.makeStateSlot()
    revocations = environment.revocations
    forwarding = Forwarding(settings.forward, environment: environment)
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
    let filter = AuthenticationFilter(
      judge: judge, replies: replies, settings: settings, slot: slot, revocations: revocations,
      kept: forwarding?.slot)
    return forwarding.map { ForwardingFilter(filter, $0) } ?? filter
  }

  /// Fetches the key sets that are at addresses; fails when one cannot be had or holds no key.
  public func start() async throws {
    try await judge.keys.start()
    judge.introspector?.start()
  }

  /// Ends the renewal of keys and lets nobody wait for answers about tokens.
  public func shutdown() async {
    await judge.keys.shutdown()
    await judge.introspector?.shutdown()
  }
}
