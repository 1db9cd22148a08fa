public import GatewayKit

/// Answers from memory what may be answered from memory (`cache`).
public struct ResponseCachingPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "cache", summary: "Keeps answers to GET for a while and gives them again to those who may share them.")

  private let settings: CacheSettings
  private let store: CacheStore
  private let flights: Flights
  private let bounds: CacheBounds
  private let slot: StateSlot
  private let shared: (any SharedAnswers)?

  /// Makes the plugin. All instances share the process's store, which outlives them.
  public init(
    settings: CacheSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    flights = Flights(settings.coalescing)
    slot = environment.makeStateSlot()
    bounds = environment.cacheBounds
    shared = environment.sharedAnswers
    let most = min(bounds.size / 4, bounds.domainBytes)
    guard settings.maxObject <= most else {
      throw ConfigurationError(
        issues: [
          ConfigurationIssue(
            position: position, path: "\(Self.descriptor.id).max_object",
            message: "is more than a quarter of `stores.cache.size`, or than a domain's part of it",
            hint: "write \(most / 1024)KB or less, or give more in `stores.cache`")
        ])
    }
    store = environment.services.service {
      let store = CacheStore(
        bounds: environment.cacheBounds, seed: environment.hashSeed, caches: environment.caches,
        counters: CacheCounters(environment.counters))
      environment.caches.add(store)
      CacheCounters.show(store, in: environment.counters)
      return store
    }
  }

  /// Who shares its answers, as the settings say it.
  package var share: String { settings.share.rawValue }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    // Only a configuration in use makes filters; one that is merely checked must not change the store.
    store.adopt(bounds)
    let tier = SecondTier(shared, store: store, on: loop)
    return CacheFilter(settings: settings, store: store, flights: flights, slot: slot, tier: tier)
  }
}
