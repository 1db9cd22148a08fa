public import GatewayKit

/// Bounds how much each caller may ask (`rate-limit`).
public struct RateLimitingPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "rate-limit", summary: "Admits so many requests of each caller in a time and answers 429 beyond that.")

  private enum Store {
    case memory(any LimitStore)
    case shared(any SharedLimitStore)
  }

  private let settings: RateLimitSettings
  private let store: Store
  private let digest: KeyDigest
  private let slot: StateSlot
  private let counters: RateLimitCounters

  /// Makes the plugin. All loops and all routes of equal settings share one table, or the store that gateways share.
  public init(
    settings: RateLimitSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    switch settings.store {
    case .memory:
      self.init(settings: settings, environment: environment, store: MemoryLimitStore(entries: settings.entries))
    case .redis:
      guard let store = environment.sharedLimits else { throw Self.noSharedStore(position) }
      self.init(settings: settings, environment: environment, shared: store)
    }
  }

  package init(settings: RateLimitSettings, environment: PluginEnvironment, store: any LimitStore) {
    self.init(settings, environment, .memory(store), KeyDigest(seed: environment.hashSeed))
  }

  package init(settings: RateLimitSettings, environment: PluginEnvironment, shared store: any SharedLimitStore) {
    self.init(settings, environment, .shared(store), .shared)
  }

  private init(
    _ settings: RateLimitSettings, _ environment: PluginEnvironment, _ store: Store, _ digest: KeyDigest
  ) {
    self.settings = settings
    self.store = store
    self.digest = digest
    slot = environment.makeStateSlot()
    counters = RateLimitCounters(environment.counters, policy: settings.name)
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    let key = RateLimitKey(settings, digest: digest)
    switch store {
    case .memory(let store):
      return RateLimitFilter(settings: settings, store: store, key: key, slot: slot, counters: counters)
    case .shared(let store):
      return SharedRateLimitFilter(settings: settings, store: store, key: key, slot: slot, counters: counters)
    }
  }

  private static func noSharedStore(_ position: SourcePosition) -> ConfigurationError {
    ConfigurationError(issues: [
      ConfigurationIssue(
        position: position, path: "\(descriptor.id).store", message: "store: redis needs a Redis server",
        hint: "name it at the top level: stores: { redis: { url: redis://host:6379 } }")
    ])
  }
}

/// What an operator wants to know of a policy. Admitted requests are not counted here: the gateway counts answers anyway.
struct RateLimitCounters: Sendable {
  let refused: Counter
  let noRoom: Counter
  let unavailable: Counter
  let storeFailures: Counter

  init(_ registry: CounterRegistry, policy: String) {
    let help = "Requests that a rate limit did not admit."
    refused = registry.counter(
      "gatehouse_rate_limit_refused_total", help: help, labels: [("policy", policy), ("reason", "rate_limited")])
    noRoom = registry.counter(
      "gatehouse_rate_limit_refused_total", help: help, labels: [("policy", policy), ("reason", "table_full")])
    unavailable = registry.counter(
      "gatehouse_rate_limit_refused_total", help: help, labels: [("policy", policy), ("reason", "store_unavailable")])
    storeFailures = registry.counter(
      "gatehouse_rate_limit_store_failures_total", help: "Requests of which a shared store of limits could not tell.",
      labels: [("policy", policy)])
  }
}
