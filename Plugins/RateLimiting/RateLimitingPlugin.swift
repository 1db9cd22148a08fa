public import GatewayKit

/// Bounds how much each caller may ask (`rate-limit`).
public struct RateLimitingPlugin: CombiningPlugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "rate-limit", summary: "Admits so many requests of each caller in a time and answers 429 beyond that.")

  /// What a domain sets is the domain's alone.
  public static let isScoped = true

  private let settings: RateLimitSettings
  private let environment: PluginEnvironment
  private let slot: StateSlot
  private let counters: [RateLimitCounters]
  private let rooms: [WaitingRoom?]

  /// Makes the plugin. Rules that are alike share their callers, wherever they stand.
  public init(
    settings: RateLimitSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    if settings.rules.contains(where: { $0.store == .redis }), environment.sharedLimits == nil {
      throw Self.noSharedStore(position)
    }
    self.settings = settings
    self.environment = environment
    slot = environment.makeStateSlot()
    counters = settings.rules.map {
      RateLimitCounters(environment.counters, policy: $0.name, isShared: $0.store == .redis)
    }
    rooms = settings.rules.map { $0.delay.map { WaitingRoom(most: $0.waiting) } }
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter { Self.makeFilter(on: loop, combining: [self]) }

  /// One filter for the rules of all instances, which are taken in one step.
  public static func makeFilter(on loop: LoopContext, combining plugins: [Self]) -> any Filter {
    // There is always one; without any, there would be no rule to judge by.
    guard let first = plugins.first else { return NoLimit() }
    let calendars = Calendars()
    let rules = plugins.flatMap { $0.loopRules(calendars) }
    let shared = rules.contains(where: \.isShared) ? first.environment.sharedLimits : nil
    return RateLimitFilter.make(
      rules, slot: first.slot, memory: first.environment.memoryLimits.ledger(on: loop),
      shared: shared?.ledger(on: loop))
  }

  private func loopRules(_ calendars: Calendars) -> [LoopRule] {
    let gateways = environment.sharedLimits?.gateways ?? 1
    return settings.rules.enumerated().map { index, rule in
      LoopRule(
        rule, scope: environment.scope, room: rooms[index], counters: counters[index], seed: environment.hashSeed,
        gateways: gateways, calendars: calendars)
    }
  }

  /// How much more than the rules say gateways admit together that take units in advance, which rules of the floor an
  /// origin has a say in, and whether answers can push the limits off their server.
  public var remarks: [String] {
    settings.rules.compactMap(overshoot) + mixture
      + (environment.scope == .floor ? settings.rules.compactMap(Self.looseness) : [])
  }

  private func overshoot(_ rule: LimitRuleSettings) -> String? {
    guard let gateways = environment.sharedLimits?.gateways, let lease = rule.lease else { return nil }
    return "rate-limit `\(rule.name)`: with leases of \(lease.batch) and \(gateways) "
      + "\(gateways == 1 ? "gateway" : "gateways") (stores.redis.gateways), one allowance is exceeded by at most "
      + "\(lease.overshoot(gateways: gateways)) units; quotas and concurrent requests are never exceeded"
  }

  private var mixture: [String] {
    guard environment.sharedLimits?.isBesideAnswers == true, settings.rules.contains(where: { $0.store == .redis })
    else { return [] }
    return [
      "rate-limit: the Redis server of the limits keeps answers as well (stores.cache.second_tier), and one server has one "
        + "maxmemory-policy: limits want noeviction, with which a server full of answers refuses limits and purges; "
        + "answers want volatile-lfu. A server of the cache's own, in stores.cache.redis, is better"
    ]
  }

  private static func looseness(_ rule: LimitRuleSettings) -> String? {
    guard rule.cost.field != nil || !rule.refunds.isEmpty else { return nil }
    return "rate-limit `\(rule.name)` of the floor: what the origin answers decides what a request costs "
      + "(cost.field, refund), so a domain with an origin of its own can loosen the rule"
  }

  private static func noSharedStore(_ position: SourcePosition) -> ConfigurationError {
    ConfigurationError(issues: [
      ConfigurationIssue(
        position: position, path: "\(descriptor.id).store", message: "store: redis needs a Redis server",
        hint: "name it at the top level: stores: { redis: { url: redis://host:6379 } }")
    ])
  }
}

/// Takes part in nothing.
private final class NoLimit: Filter {}
