public import GatewayKit

/// Lets a token do what its scopes allow, by a catalogue of operations, and nothing else.
public struct ScopeEnforcementPlugin: Plugin {
  /// `scopes`.
  public static let descriptor = PluginDescriptor(
    id: "scopes", summary: "Lets a token do only what its scopes allow, by a catalogue of operations.")

  /// What is enforced.
  package let policy: ScopePolicy
  private let counters: ScopeCounters

  /// Compiles the rules. An unknown catalogue fails the load.
  public init(
    settings: ScopeEnforcementSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    guard let catalog = environment.catalogs[settings.operations] else {
      let known = environment.catalogs.keys.sorted()
      throw Self.error(
        position, "there is no catalogue of operations `\(settings.operations)`",
        hint: known.isEmpty ? "no catalogue is configured" : "known catalogues: \(known.joined(separator: ", "))")
    }
    counters = ScopeCounters(environment.counters)
    do throws(PolicyProblem) {
      policy = try ScopePolicy(settings, catalog: catalog)
    } catch {
      throw Self.error(position, error.message, hint: "keep one of them")
    }
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    ScopeEnforcementFilter(policy: policy, counters: counters)
  }

  private static func error(_ position: SourcePosition, _ message: String, hint: String) -> ConfigurationError {
    ConfigurationError(issues: [
      ConfigurationIssue(
        position: position, path: "\(descriptor.id).operations", message: message, hint: hint)
    ])
  }
}
