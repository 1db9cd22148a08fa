package import GatewayKit

/// One rule of `rate-limit`, as README.md describes it.
package struct LimitRuleSettings: Sendable, Hashable {
  /// What holds when a request has nothing to show for a part of the key.
  package enum Missing: String, CaseIterable, Sendable {
    /// The rule does not apply.
    case skip
    /// The request is refused.
    case deny
    /// All such requests share one allowance.
    case constant
  }

  /// What holds when the table has no room for one more caller.
  package enum WhenFull: String, CaseIterable, Sendable {
    case refuse, allow
  }

  /// Where allowances are kept.
  package enum Store: String, CaseIterable, Sendable {
    case memory, redis
  }

  /// What holds when a shared store cannot tell.
  package enum OnFailure: String, CaseIterable, Sendable {
    /// The request passes uncounted.
    case open
    /// The request is refused.
    case closed
    /// This gateway's part of the amount is counted in its memory.
    case local
  }

  /// Whether the rule refuses anybody.
  package enum Mode: String, CaseIterable, Sendable {
    case enforce, shadow
  }

  /// How long requests are made to wait rather than refused.
  package struct Delay: Sendable, Hashable {
    /// Nanoseconds.
    package let most: Int64
    /// How many may wait at a time.
    package let waiting: Int
  }

  package let name: String
  package let key: [KeyPart]
  package let missing: Missing
  package let ipv4Prefix: Int
  package let ipv6Prefix: Int
  package let plans: LimitPlans
  package let cost: LimitCost
  package let refunds: Set<LimitRefund>
  package let mode: Mode
  package let delay: Delay?
  package let headers: Bool
  package let legacyHeaders: Bool
  package let whenFull: WhenFull
  package let store: Store
  package let onFailure: OnFailure
  package let lease: LimitLease?

  /// Reads the keys that README.md lists.
  init(reading settings: SettingsReader) {
    name = Self.name(settings)
    key = KeyPart.read(settings)
    missing = settings.choice("missing", default: .constant)
    ipv4Prefix = settings.int("ipv4_prefix", default: 32, in: 8...32)
    ipv6Prefix = settings.int("ipv6_prefix", default: 64, in: 16...128)
    plans = LimitPlans(reading: settings)
    cost = LimitCost.read(settings)
    refunds = Set(settings.choices("refund", default: []))
    mode = settings.choice("mode", default: .enforce)
    delay = Self.delay(settings, plans)
    headers = settings.bool("headers", default: true)
    legacyHeaders = settings.bool("legacy_headers", default: false)
    whenFull = settings.choice("when_full", default: .refuse)
    store = settings.choice("store", default: .memory)
    onFailure = settings.choice("on_failure", default: .open)
    lease = Self.lease(settings)
    for key in store == .memory ? ["on_failure", "lease"] : [] where settings.has(key) {
      settings.fail(key, "has no meaning with store: memory", hint: "remove it, or choose the other store")
    }
    checkCost(settings)
    if settings.has("entries") {
      settings.fail(
        "entries", "is no setting of one rule", hint: "write stores: { memory: { entries: ... } } at the top level")
    }
  }

  private func checkCost(_ settings: SettingsReader) {
    let least = plans.amounts.compactMap(\.most).min() ?? .max
    if cost.base > least {
      settings.fail(
        "cost", "no request could ever pass: an amount of the rule is \(least)", hint: "write at most \(least)")
    }
    let isSliding = plans.amounts.contains { if case .sliding = $0 { true } else { false } }
    for key in ["refund"] where settings.has(key) && isSliding {
      settings.fail(
        key, "does not go with algorithm: sliding_window",
        hint: "which units would go back cannot be told there; use gcra or a quota")
    }
    if cost.field != nil, isSliding {
      settings.fail("cost", "`field` does not go with algorithm: sliding_window", hint: "use gcra or a quota")
    }
    let isConcurrent = plans.amounts.contains { if case .concurrent = $0 { true } else { false } }
    if isConcurrent, !refunds.isEmpty || cost.field != nil || cost.bytesPerUnit != nil {
      settings.fail(
        settings.has("refund") ? "refund" : "cost", "has no meaning with `concurrent`",
        hint: "its units come back with the exchange's end; remove it")
    }
  }

  /// The name goes into a quoted string of the RateLimit field, so it is kept plain.
  private static func name(_ settings: SettingsReader) -> String {
    let name = settings.string("name", default: "default")
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    if !isPlain || name.isEmpty || name.utf8.count > 64 {
      settings.fail("name", "is no plain name", hint: "use 1 to 64 letters, digits, hyphens and underscores")
    }
    return name
  }

  private static func delay(_ settings: SettingsReader, _ plans: LimitPlans) -> Delay? {
    guard let section = settings.mapping("delay") else { return nil }
    defer { section.finish() }
    let most = section.duration("most", default: .seconds(1), in: .milliseconds(1)...(.seconds(60)))
    let waiting = section.int("waiting", default: 100, in: 1...100_000)
    for case .sliding in plans.amounts { return refuseDelay(settings) }
    for case .quota in plans.amounts { return refuseDelay(settings) }
    for case .concurrent in plans.amounts { return refuseDelay(settings) }
    let (seconds, attoseconds) = most.components
    return Delay(most: seconds * 1_000_000_000 + attoseconds / 1_000_000_000, waiting: waiting)
  }

  private static func refuseDelay(_ settings: SettingsReader) -> Delay? {
    settings.fail(
      "delay", "goes with `rate` and algorithm: gcra only",
      hint: "only there it is known when units come back to the next in turn; remove it")
    return nil
  }

  private static func lease(_ settings: SettingsReader) -> LimitLease? {
    guard let section = settings.mapping("lease") else { return nil }
    defer { section.finish() }
    let batch = section.int("batch", default: 10, in: 1...1_000_000)
    let time = section.duration("time", default: .seconds(1), in: .milliseconds(10)...(.seconds(60)))
    let (seconds, attoseconds) = time.components
    return LimitLease(batch: Int64(batch), time: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
