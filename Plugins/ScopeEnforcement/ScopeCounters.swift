import GatewayKit

/// What the plugin counts, by names fixed at load.
struct ScopeCounters: Sendable {
  /// Why a request is refused; every code of the plugin.
  static let reasons: [ReasonCode] = [
    "operation_unknown", "operation_denied", "security_unstated", "token_missing", "scope_insufficient",
    "oauth_token_denied",
  ]

  let shadowDenials: [ReasonCode: Counter]
  let deprecated: Counter

  init(_ registry: CounterRegistry) {
    var denials: [ReasonCode: Counter] = [:]
    for reason in Self.reasons {
      denials[reason] = registry.counter(
        "gatehouse_scope_shadow_denials_total", help: "Requests that scopes in shadow mode would have refused.",
        labels: [("reason", reason.text)])
    }
    shadowDenials = denials
    deprecated = registry.counter(
      "gatehouse_scope_deprecated_tokens_total", help: "Verified tokens that name a deprecated group of scopes.")
  }
}
