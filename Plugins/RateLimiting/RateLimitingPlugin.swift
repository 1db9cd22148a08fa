public import GatewayKit
import HTTPWire

/// Bounds how much each caller may ask (`rate-limit`).
public struct RateLimitingPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "rate-limit", summary: "Admits so many requests of each caller in a time and answers 429 beyond that.")

  private let settings: RateLimitSettings
  private let store: any LimitStore
  private let seeds: (UInt64, UInt64)
  private let slot: StateSlot
  private let counters: RateLimitCounters

  /// Makes the plugin with a table of its own; all loops and all routes of equal settings share it.
  public init(
    settings: RateLimitSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.init(settings: settings, environment: environment, store: MemoryLimitStore(entries: settings.entries))
  }

  package init(settings: RateLimitSettings, environment: PluginEnvironment, store: any LimitStore) {
    self.settings = settings
    self.store = store
    self.slot = environment.makeStateSlot()
    self.counters = RateLimitCounters(environment.counters, policy: settings.name)
    let seed = environment.hashSeed
    let second = withUnsafeBytes(of: seed) { ByteHash.hash($0, seed: seed ^ 0x5851_F42D_4C95_7F2D) }
    self.seeds = (seed, second)
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    RateLimitFilter(
      settings: settings, store: store, key: RateLimitKey(settings, seeds: seeds), slot: slot, counters: counters)
  }
}

/// What an operator wants to know of a policy. Admitted requests are not counted here: the gateway counts answers anyway.
struct RateLimitCounters: Sendable {
  let refused: Counter
  let noRoom: Counter

  init(_ registry: CounterRegistry, policy: String) {
    let help = "Requests that a rate limit did not admit."
    refused = registry.counter(
      "gatehouse_rate_limit_refused_total", help: help, labels: [("policy", policy), ("reason", "rate_limited")])
    noRoom = registry.counter(
      "gatehouse_rate_limit_refused_total", help: help, labels: [("policy", policy), ("reason", "table_full")])
  }
}
