public import Logging
public import NIOCore
import Synchronization

/// A middleware module: settings in, filters out. `Sendable`; one instance serves all loops, domains and routes whose
/// settings are equal.
public protocol Plugin: Sendable {
  /// The settings, decoded strictly before the plugin is made.
  associatedtype Settings: PluginSettings

  /// What the plugin is called in `use:`, and what it is for.
  static var descriptor: PluginDescriptor { get }

  /// Makes the plugin. What it needs and cannot have (a file, a secret) fails the load.
  ///
  /// - Parameters:
  ///   - settings: decoded settings.
  ///   - position: where they stand, for errors.
  ///   - environment: clock, logger and the like.
  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) throws(ConfigurationError)

  /// Makes the filter of one loop.
  func makeFilter(on loop: LoopContext) -> any Filter

  /// Whether it matters who says that the plugin is used (``PluginEnvironment/scope``). Equal settings of different
  /// scopes are then instances of their own.
  static var isScoped: Bool { get }

  /// What whoever writes its settings should know of them, though they are no mistake: `gatehouse check` shows it.
  var remarks: [String] { get }

  /// Called before the gateway is ready; what it cannot start without (key sets) is fetched here.
  func start() async throws

  /// Called when no exchange uses the plugin any more.
  func shutdown() async
}

extension Plugin {
  /// Nothing to start.
  public func start() async throws {}
  /// Nothing to end.
  public func shutdown() async {}
  /// Nothing to know.
  public var remarks: [String] { [] }
  /// It does not matter.
  public static var isScoped: Bool { false }
}

/// A plugin whose instances on one chain (the floor's, the domain's) act as one, in the place of the first.
public protocol CombiningPlugin: Plugin {
  /// Makes the one filter of several instances, in the order of the chain.
  static func makeFilter(on loop: LoopContext, combining plugins: [Self]) -> any Filter
}

/// What a plugin says of itself.
public struct PluginDescriptor: Sendable {
  /// The name in `use:`: lower-case words joined by hyphens.
  public let id: String
  /// One sentence for `--help` and the documentation.
  public let summary: String

  /// A descriptor.
  public init(id: String, summary: String) {
    self.id = id
    self.summary = summary
  }
}

/// Who says that a plugin is used.
public enum PluginScope: Sendable, Hashable {
  /// The organisation, of every domain.
  case floor
  /// The organisation, where a domain does not say otherwise.
  case defaults
  /// A domain or one of its routes: what it says must not reach another domain.
  case domain
}

/// What the gateway hands to a plugin when it makes it.
public struct PluginEnvironment: Sendable {
  /// Time.
  public let clock: any GatewayClock
  /// The log. Text is static, facts go into metadata, secrets nowhere.
  public let logger: Logger
  /// The loops, for what is asynchronous.
  public let eventLoopGroup: any EventLoopGroup
  /// Catalogues of operations by name.
  public let catalogs: [String: OperationCatalog]
  /// Seeds the hashes of tables whose keys a peer chooses.
  public let hashSeed: UInt64
  /// Where counters are registered.
  public let counters: CounterRegistry
  /// The limits of this process.
  public let memoryLimits: MemoryLimitStore
  /// The limits that several gateways share; nil when the configuration names no store for them.
  public let sharedLimits: (any LimitStore)?
  /// What kept answers may take.
  public let cacheBounds: CacheBounds
  /// The answers that several gateways share; nil when the configuration names no store for them.
  public let sharedAnswers: (any SharedAnswers)?
  /// What plugins keep for the whole process, through all configurations.
  public let services: ProcessServices
  /// The tokens that operators have revoked. A plugin that establishes who asks asks it at every request.
  public let revocations: TokenRevocations
  /// The stores of answers, and what makes answers worthless.
  package let caches: AnswerCaches
  /// Who says that the plugin is used; meaningful where ``Plugin/isScoped`` is true.
  public package(set) var scope = PluginScope.defaults
  private let slotNumbers = SlotNumbers()
  private var slotOwner = SlotOwner(plugin: "", isFloor: false)

  /// An environment.
  public init(
    clock: any GatewayClock, logger: Logger, eventLoopGroup: any EventLoopGroup, catalogs: [String: OperationCatalog],
    hashSeed: UInt64, counters: CounterRegistry, memoryLimits: MemoryLimitStore = MemoryLimitStore(),
    sharedLimits: (any LimitStore)? = nil, revocations: TokenRevocations? = nil,
    cacheBounds: CacheBounds = CacheBounds(), sharedAnswers: (any SharedAnswers)? = nil,
    services: ProcessServices = ProcessServices()
  ) {
    self.clock = clock
    self.logger = logger
    self.eventLoopGroup = eventLoopGroup
    self.catalogs = catalogs
    self.hashSeed = hashSeed
    self.counters = counters
    self.memoryLimits = memoryLimits
    self.sharedLimits = sharedLimits
    self.cacheBounds = cacheBounds
    self.sharedAnswers = sharedAnswers
    self.services = services
    self.revocations = revocations ?? TokenRevocations(clock: clock)
    caches = services.service { AnswerCaches(seed: sharedAnswers.map { SharedPlaces($0.secret).seed } ?? hashSeed) }
  }
}

extension PluginEnvironment {
  /// The environment of one instance of a plugin.
  package func of(_ plugin: String, for scope: PluginScope) -> PluginEnvironment {
    var environment = self
    environment.scope = scope
    environment.slotOwner = SlotOwner(plugin: plugin, isFloor: scope == .floor)
    return environment
  }

  /// A slot for one filter's state.
  public func makeStateSlot() -> StateSlot { StateSlot(index: slotNumbers.number(of: slotOwner.next())) }
}

/// Numbers the state slots of one generation. An exchange passes through one instance of a plugin that the floor names and
/// one of its others at most, so the others share their numbers: there are few, however many domains have settings of
/// their own.
private final class SlotNumbers: Sendable {
  private let numbers = Mutex<[SlotOwner.Slot: Int]>([:])

  func number(of slot: SlotOwner.Slot) -> Int {
    numbers.withLock { numbers in
      if let known = numbers[slot] { return known }
      numbers[slot] = numbers.count
      return numbers.count - 1
    }
  }
}

/// Names the slots of one instance of a plugin, in the order in which it asks for them.
private final class SlotOwner: Sendable {
  struct Slot: Hashable {
    let plugin: String
    let isFloor: Bool
    let number: Int
  }

  private let plugin: String
  private let isFloor: Bool
  private let count = Atomic<Int>(0)

  init(plugin: String, isFloor: Bool) {
    self.plugin = plugin
    self.isFloor = isFloor
  }

  func next() -> Slot {
    Slot(plugin: plugin, isFloor: isFloor, number: count.wrappingAdd(1, ordering: .relaxed).oldValue)
  }
}
