import GatewayKit

/// What the metrics page shows of introspection.
struct IntrospectionCounters: Sendable {
  let active: Counter
  let inactive: Counter
  let unavailable: Counter
  let hits: Counter
  let misses: Counter

  init(_ registry: CounterRegistry) {
    func asked(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_token_introspections_total", help: "Questions about tokens, by what was answered.",
        labels: [("result", result)])
    }
    func lookup(_ result: String) -> Counter {
      registry.counter(
        "gatehouse_token_introspection_lookups_total", help: "Tokens looked up among those asked about before.",
        labels: [("result", result)])
    }
    active = asked("active")
    inactive = asked("inactive")
    unavailable = asked("unavailable")
    hits = lookup("hit")
    misses = lookup("miss")
  }
}
