import GatewayKit
import HTTPWire
import NIOCore

/// Renders the fields of draft-ietf-httpapi-ratelimit-headers:
///
///     RateLimit-Policy: "default";q=600;w=60
///     RateLimit: "default";r=599;t=1
struct RateLimitFields {
  private let prefix: [UInt8]
  private var lines = ByteBuffer()

  init(_ settings: RateLimitSettings) {
    var text = "RateLimit-Policy: \"\(settings.name)\";q=\(settings.rate.count)"
    // The window is a whole number of seconds, or is left out.
    let (seconds, attoseconds) = settings.rate.period.components
    if attoseconds == 0 { text += ";w=\(seconds)" }
    text += "\r\nRateLimit: \"\(settings.name)\";r="
    prefix = Array(text.utf8)
  }

  /// `r` is what can be taken at once now, `t` the seconds until all of the allowance is back.
  mutating func add(_ decision: LimitDecision, to exchange: Exchange) {
    lines.clear()
    lines.writeWithUnsafeMutableBytes(minimumWritableBytes: prefix.count + 48) { target in
      var writer = RawWriter(target)
      prefix.withUnsafeBytes { writer.append($0) }
      writer.append(decimal: UInt64(max(0, decision.remaining)))
      writer.append(";t=")
      writer.append(decimal: Self.seconds(decision.fullIn))
      writer.append("\r\n")
      return writer.count
    }
    exchange.responseAdditions.add(rendered: lines)
  }

  /// Seconds to wait, at least one (RFC 9110 section 10.2.3).
  static func addRetryAfter(_ decision: LimitDecision, to exchange: Exchange) {
    var value = ByteBuffer()
    HeadWriting.writeDecimal(max(1, seconds(decision.retryIn)), into: &value)
    exchange.responseAdditions.add(.retryAfter, value.readableBytesView)
  }

  /// Whole seconds, rounded up.
  private static func seconds(_ nanoseconds: Int64) -> UInt64 {
    guard nanoseconds > 0 else { return 0 }
    return UInt64(nanoseconds / 1_000_000_000) + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1)
  }
}
