import GatewayKit

/// What the metrics page shows of the key set of one address.
struct KeyMetrics: Sendable {
  let fetches: Counter
  let failures: Counter

  init(_ registry: CounterRegistry, source: String) {
    let labels = [("source", source)]
    fetches = registry.counter(
      "gatehouse_token_keys_fetches_total", help: "Fetches of key sets that are done.", labels: labels)
    failures = registry.counter(
      "gatehouse_token_keys_fetch_failures_total", help: "Those that brought no keys.", labels: labels)
  }

  /// Shows the age as long as the store lives.
  static func showAge(of store: KeyStore, _ index: Int, _ registry: CounterRegistry, source: String) {
    registry.gauge(
      "gatehouse_token_keys_age_seconds", help: "Time since the key set was last fetched.",
      labels: [("source", source)]
    ) { [weak store] in store?.age(of: index) }
  }
}
