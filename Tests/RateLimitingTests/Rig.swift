import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import RateLimiting

/// A plugin made from settings in YAML, and exchanges that pass through its filter.
struct Rig {
  let harness: FilterHarness<RateLimitingPlugin>
  let filter: RateLimitFilter

  init(
    _ settings: String, memory: MemoryLimitStore = MemoryLimitStore(), shared: (any LimitStore)? = nil,
    scope: PluginScope = .defaults
  ) throws {
    harness = try FilterHarness(
      RateLimitingPlugin.self, settings: settings, memoryLimits: memory, sharedLimits: shared, scope: scope)
    filter = try #require(harness.filter as? RateLimitFilter)
  }

  func advance(_ duration: Duration) { harness.clock.advance(by: duration) }

  /// An exchange that has not been judged.
  func exchange(
    _ line: String = "GET /me HTTP/1.1", _ fields: [String] = [], domain: String = "example.com",
    identity: Identity? = .sample(1)
  ) throws -> Exchange {
    let exchange = try harness.exchange(lines: [line] + fields, domain: domain)
    exchange.identity = identity
    return exchange
  }

  /// The status of a refusal; nil when the request passes.
  func ask(_ exchange: Exchange) -> UInt16? {
    guard case .reply(let reply) = filter.limit(exchange) else { return nil }
    return reply.status
  }

  func ask(domain: String = "example.com", identity: Identity? = .sample(1)) throws -> UInt16? {
    ask(try exchange(domain: domain, identity: identity))
  }

  /// How many of so many requests pass.
  func passing(_ count: Int, domain: String = "example.com", identity: Identity? = .sample(1)) throws -> Int {
    try (0..<count).filter { _ in try ask(domain: domain, identity: identity) == nil }.count
  }

  /// Gives the exchange an answer of the origin's and ends it.
  func finish(_ exchange: Exchange, _ lines: String...) throws {
    try harness.respond(to: exchange, lines: lines.isEmpty ? ["HTTP/1.1 200 OK", "Content-Length: 0"] : lines)
    filter.response(exchange)
    filter.observe(exchange)
  }

  func counter(_ name: String, _ label: String) -> UInt64 {
    harness.counters.snapshot().first { $0.key.name == name && $0.key.labels.contains(label) }?.value ?? 0
  }
}

extension RateLimitFilter {
  /// As the chain does: only a filter that takes part is asked.
  func response(_ exchange: Exchange) { (self as? any ResponseFilter)?.response(exchange) }

  func observe(_ exchange: Exchange) { (self as? any ObserveFilter)?.observe(exchange) }
}
