import GatewayKit
import HTTPWire
import NIOCore

/// What clients are told of one rule, rendered beforehand.
struct PolicyText {
  /// `"default";q=600;w=60`
  let policy: [UInt8]
  /// `"default"`
  let name: [UInt8]
  let units: Int
  let isLegacy: Bool
  /// Whether it is known when the allowance is whole again.
  let hasReset: Bool

  /// nil when clients are told nothing.
  init?(_ rule: LimitRuleSettings, _ amount: LimitAmount) {
    guard rule.headers, rule.mode == .enforce, let (units, seconds) = amount.policy else { return nil }
    self.units = units
    isLegacy = rule.legacyHeaders
    name = Array("\"\(rule.name)\"".utf8)
    var text = "\"\(rule.name)\";q=\(units)"
    // The window is a whole number of seconds, or is left out.
    if let seconds { text += ";w=\(seconds)" }
    if case .concurrent = amount {
      text += ";qu=\"concurrent-requests\""
      hasReset = false
    } else {
      hasReset = true
    }
    policy = Array(text.utf8)
  }
}

/// Renders the fields of draft-ietf-httpapi-ratelimit-headers: all policies, and how the tightest of them stands.
///
///     RateLimit-Policy: "default";q=600;w=60, "day";q=10000;w=86400
///     RateLimit: "default";r=599;t=1
struct RateLimitFields {
  private static let names: FieldIDSet = [.rateLimit, .rateLimitPolicy]
  private var policies = ByteBuffer()
  private var lines = ByteBuffer()

  mutating func begin() { policies.clear() }

  /// One more policy.
  mutating func add(_ text: PolicyText) {
    if policies.readableBytes > 0 { policies.writeStaticString(", ") }
    policies.writeBytes(text.policy)
  }

  /// `r` is what can be taken at once now, `t` the seconds until all of the allowance is back.
  mutating func finish(_ tightest: PolicyText, remaining: Int64, fullIn: Int64, to exchange: Exchange) {
    lines.clear()
    let remaining = UInt64(max(0, remaining))
    let reset = Self.seconds(fullIn)
    let size = policies.readableBytes + tightest.name.count + 192
    lines.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      var writer = RawWriter(target)
      writer.append("RateLimit-Policy: ")
      policies.withUnsafeReadableBytes { writer.append($0) }
      writer.append("\r\nRateLimit: ")
      tightest.name.withUnsafeBytes { writer.append($0) }
      writer.append(";r=")
      writer.append(decimal: remaining)
      if tightest.hasReset {
        writer.append(";t=")
        writer.append(decimal: reset)
      }
      writer.append("\r\n")
      if tightest.isLegacy { Self.appendLegacy(tightest, remaining, reset, &writer) }
      return writer.count
    }
    // An origin's own limits would contradict them.
    exchange.responseAdditions.add(rendered: lines, replacing: Self.names)
  }

  /// The older fields, which many clients know; the reset in seconds from now.
  private static func appendLegacy(
    _ text: PolicyText, _ remaining: UInt64, _ reset: UInt64, _ writer: inout RawWriter
  ) {
    writer.append("X-RateLimit-Limit: ")
    writer.append(decimal: UInt64(text.units))
    writer.append("\r\nX-RateLimit-Remaining: ")
    writer.append(decimal: remaining)
    writer.append("\r\nX-RateLimit-Reset: ")
    writer.append(decimal: reset)
    writer.append("\r\n")
  }

  /// Seconds to wait, at least one (RFC 9110 section 10.2.3).
  static func addRetryAfter(_ nanoseconds: Int64, to exchange: Exchange) {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { target in
      var writer = RawWriter(target)
      writer.append(decimal: max(1, seconds(nanoseconds)))
      exchange.responseAdditions.add(.retryAfter, UnsafeRawBufferPointer(rebasing: target[..<writer.count]))
    }
  }

  /// Whole seconds, rounded up.
  private static func seconds(_ nanoseconds: Int64) -> UInt64 {
    guard nanoseconds > 0 else { return 0 }
    return UInt64(nanoseconds / 1_000_000_000) + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1)
  }
}
