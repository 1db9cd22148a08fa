import GatewayKit
import HTTPWire

/// Which responses are kept, and for how long.
struct StoreRules {
  private let ttl: Int64
  private let overrides: Set<CacheSettings.Directive>
  private let isPerToken: Bool
  private let maxObject: Int

  /// Fields that the gateway sets on the way to the origin, whatever the client sent: what varies by them cannot be
  /// matched with a later request.
  private static let ownedByGateway: FieldIDSet = [
    .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded, .via, .xRequestID, .losantdomain,
    .connection, .te, .traceparent, .tracestate,
  ]
  /// More names in `Vary` than this are not worth keeping an answer for.
  private static let mostVaryNames = 16

  init(_ settings: CacheSettings) {
    ttl = settings.ttl
    overrides = Set(settings.override)
    isPerToken = settings.share == .token
    maxObject = settings.maxObject
  }

  /// What to keep of a response, or nil.
  struct Terms {
    /// Nanoseconds from now.
    let lifetime: Int64
    /// Nanoseconds that the response is old already.
    let age: Int64
    let vary: FieldSelection
  }

  func terms(_ exchange: Exchange) -> Terms? {
    let response = exchange.response
    guard exchange.request.method == .get, response.status == 200 else { return nil }
    guard response.block.first(.setCookie) == nil, response.block.first(.contentRange) == nil else { return nil }
    if case .length(let length) = response.framing, length > UInt64(maxObject) { return nil }
    // What has neither a length nor chunks cannot be told from what was cut.
    guard response.framing != .untilClose, let vary = vary(of: exchange) else { return nil }
    guard let (lifetime, age) = lifetime(of: response.block) else { return nil }
    guard isPerToken, let identity = exchange.identity else {
      return Terms(lifetime: lifetime, age: age, vary: vary)
    }
    let left = identity.expiry.subtractingReportingOverflow(exchange.loop.wall).partialValue
    guard identity.expiry > exchange.loop.wall else { return nil }
    return Terms(lifetime: min(lifetime, left), age: age, vary: vary)
  }

  /// What the origin says, except what the organisation overrules. The ttl is the longest; a shorter max-age counts.
  private func lifetime(of block: FieldBlock) -> (lifetime: Int64, age: Int64)? {
    let control = CacheControl(block)
    if control.noStore, !overrides.contains(.noStore) { return nil }
    if control.noCache, !overrides.contains(.noCache) { return nil }
    if control.isPrivate, !overrides.contains(.private) { return nil }
    let age = block.withValue(of: .age) { CacheControl.seconds($0[...]) * 1_000_000_000 } ?? 0
    if let seconds = control.sharedMaxAge ?? control.maxAge {
      if overrides.contains(.maxAge) { return (ttl, age) }
      let lifetime = min(ttl, seconds * 1_000_000_000 - age)
      return lifetime > 0 ? (lifetime, age) : nil
    }
    if block.first(.expires) != nil, !overrides.contains(.expires) { return nil }
    return (ttl, age)
  }

  /// Nil when the response cannot be matched with a request: `*`, a field that the gateway sets (another token, or who
  /// asks, told to the origin in fields that no client may send: to the next look-up all callers are alike there), or too
  /// many names. An
  /// encoded body without `Vary: accept-encoding` is a mistake of the origin's that must not reach those who cannot
  /// decode it.
  private func vary(of exchange: Exchange) -> FieldSelection? {
    let block = exchange.response.block
    var vary = FieldSelection()
    var isMatchable = true
    for index in block.fields.indices where block.fields[index].id == .vary && !block.fields[index].isRemoved {
      block.withValue(index) { value in
        ListScanner.forEach(in: value) { name in
          if name.contains(UInt8(ascii: "*")) { isMatchable = false }
          vary.add(UnsafeRawBufferPointer(rebasing: name))
          if vary.count > Self.mostVaryNames { isMatchable = false }
        }
      }
    }
    guard isMatchable, !vary.contains(anyOf: Self.ownedByGateway.union(exchange.requestAdditions.names)),
      !vary.contains(anyOf: exchange.withheld)
    else { return nil }
    if block.first(.contentEncoding) != nil, !vary.contains(anyOf: [.acceptEncoding]) { return nil }
    return vary
  }
}
