public import GatewayKit

/// Answers from memory what may be answered from memory (`cache`).
public struct ResponseCachingPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "cache", summary: "Keeps answers to GET for a while and gives them again to those who may share them.")

  private let settings: CacheSettings
  private let store: CacheStore
  private let flights: Flights
  private let slot: StateSlot

  /// Makes the plugin with a store of its own; all loops and all routes of equal settings share it.
  public init(
    settings: CacheSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    flights = Flights(settings.coalescing)
    slot = environment.makeStateSlot()
    store = CacheStore(
      budget: settings.memory, largestObject: settings.maxObject, mostVariants: settings.variants,
      seed: environment.hashSeed, caches: environment.caches,
      counters: CacheCounters(environment.counters))
    environment.caches.add(store)
  }

  /// Who shares its answers, as the settings say it.
  package var share: String { settings.share.rawValue }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    CacheFilter(settings: settings, store: store, flights: flights, slot: slot)
  }
}
