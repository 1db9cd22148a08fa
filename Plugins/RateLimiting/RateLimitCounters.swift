import GatewayKit

/// What an operator wants to know of a policy. Admitted requests are not counted here: the gateway counts answers anyway.
struct RateLimitCounters: Sendable {
  let refused: Counter
  let refusedLocally: Counter?
  let noRoom: Counter
  let keyMissing: Counter
  let unavailable: Counter?
  /// Would have been refused.
  let shadow: Counter
  /// Were made to wait.
  let delayed: Counter
  private let storeFailures: Counter?
  private let shared: Counter?
  private let leased: Counter?
  private let local: Counter?
  private let open: Counter?
  private let closed: Counter?

  init(_ registry: CounterRegistry, policy: String, isShared: Bool) {
    let refusal = { (reason: String) in
      registry.counter(
        "gatehouse_rate_limit_refused_total", help: "Requests that a rate limit did not admit.",
        labels: [("policy", policy), ("reason", reason)])
    }
    refused = refusal("rate_limited")
    noRoom = refusal("table_full")
    keyMissing = refusal("key_missing")
    refusedLocally = isShared ? refusal("rate_limited_locally") : nil
    unavailable = isShared ? refusal("store_unavailable") : nil
    shadow = registry.counter(
      "gatehouse_rate_limit_shadow_total", help: "Requests that a rate limit in shadow mode would not have admitted.",
      labels: [("policy", policy)])
    delayed = registry.counter(
      "gatehouse_rate_limit_delayed_total", help: "Requests that a rate limit made wait.", labels: [("policy", policy)])
    let mode = { (mode: String) in
      isShared
        ? registry.counter(
          "gatehouse_rate_limit_answers_total", help: "Requests that a limit of several gateways judged, by who told.",
          labels: [("policy", policy), ("mode", mode)]) : nil
    }
    storeFailures =
      isShared
      ? registry.counter(
        "gatehouse_rate_limit_store_failures_total",
        help: "Requests of which a shared store of limits could not tell.", labels: [("policy", policy)]) : nil
    (shared, leased, local) = (mode("shared"), mode("lease"), mode("local"))
    (open, closed) = (mode("open"), mode("closed"))
  }

  /// The store answered, or units that were taken in advance did.
  func answered(isLeased: Bool) { (isLeased ? leased : shared)?.add() }

  /// The store could not tell, and this holds instead.
  func failed(_ instead: LimitRuleSettings.OnFailure) {
    storeFailures?.add()
    switch instead {
    case .open: open?.add()
    case .closed: closed?.add()
    case .local: local?.add()
    }
  }
}
