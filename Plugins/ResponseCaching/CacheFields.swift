import GatewayKit
import NIOCore

/// Says what the cache did: `Cache-Status` (RFC 9211) and `Age` (RFC 9111 section 5.1).
struct CacheFields {
  private var lines = ByteBuffer()

  mutating func addHit(_ response: CachedResponse, to exchange: Exchange) {
    let now = exchange.loop.now
    lines.clear()
    lines.writeWithUnsafeMutableBytes(minimumWritableBytes: 96) { target in
      var writer = RawWriter(target)
      writer.append("Age: ")
      writer.append(decimal: Self.seconds(now &- response.born))
      writer.append("\r\nCache-Status: gatehouse; hit; ttl=")
      let left = response.expires &- now
      // Of a stale answer: how long ago it ceased to be fresh (RFC 9211 section 2.4).
      if left < 0 { writer.append("-") }
      writer.append(decimal: Self.seconds(left < 0 ? 0 &- left : left))
      writer.append("\r\n")
      return writer.count
    }
    exchange.responseAdditions.add(rendered: lines)
  }

  static func addForwarded(_ forwarded: StoreJob.Forwarded, isStored: Bool, to exchange: Exchange) {
    let line =
      switch forwarded {
      case .miss: isStored ? missStored : miss
      case .variant: isStored ? variantStored : variant
      case .stale: isStored ? staleStored : stale
      case .request: isStored ? requestStored : request
      }
    exchange.responseAdditions.add(rendered: line)
  }

  static let bypass = line("fwd=bypass")
  private static let miss = line("fwd=miss")
  private static let missStored = line("fwd=miss; stored")
  private static let variant = line("fwd=vary-miss")
  private static let variantStored = line("fwd=vary-miss; stored")
  private static let stale = line("fwd=stale")
  private static let staleStored = line("fwd=stale; stored")
  private static let request = line("fwd=request")
  private static let requestStored = line("fwd=request; stored")

  private static func line(_ text: String) -> ByteBuffer { ByteBuffer(string: "Cache-Status: gatehouse; \(text)\r\n") }

  /// Whole seconds, rounded down.
  private static func seconds(_ nanoseconds: Int64) -> UInt64 {
    nanoseconds > 0 ? UInt64(nanoseconds / 1_000_000_000) : 0
  }
}
