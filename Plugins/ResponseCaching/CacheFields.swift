import GatewayKit
import NIOCore

/// Says what the cache did: `Cache-Status` (RFC 9211) and `Age` (RFC 9111 section 5.1).
struct CacheFields {
  private var lines = ByteBuffer()

  /// - Parameter isShared: whether another gateway has fetched it, and it was just taken from what they share.
  mutating func addHit(_ response: CachedResponse, isShared: Bool = false, to exchange: Exchange) {
    add(to: exchange) { writer in
      writer.appendAge(of: response, exchange.loop.now)
      writer.append("Cache-Status: gatehouse; hit; ttl=")
      let left = response.expires &- exchange.loop.now
      // Of a stale answer: how long ago it ceased to be fresh (RFC 9211 section 2.4).
      if left < 0 { writer.append("-") }
      writer.append(decimal: RawWriter.seconds(left < 0 ? 0 &- left : left))
      if isShared { writer.append("; detail=shared") }
      writer.append("\r\n")
    }
  }

  /// A kept answer that the origin was asked about.
  mutating func addForwarded(_ status: ForwardStatus, giving response: CachedResponse, to exchange: Exchange) {
    add(to: exchange) { writer in
      writer.appendAge(of: response, exchange.loop.now)
      writer.append(status)
    }
  }

  mutating func addForwarded(_ status: ForwardStatus, to exchange: Exchange) {
    add(to: exchange) { $0.append(status) }
  }

  private mutating func add(to exchange: Exchange, _ write: (inout RawWriter) -> Void) {
    lines.clear()
    lines.writeWithUnsafeMutableBytes(minimumWritableBytes: 160) { target in
      var writer = RawWriter(target)
      write(&writer)
      return writer.count
    }
    exchange.responseAdditions.add(rendered: lines)
  }

  static let bypass = ByteBuffer(string: "Cache-Status: gatehouse; fwd=bypass\r\n")
  static let otherMethod = ByteBuffer(string: "Cache-Status: gatehouse; fwd=method\r\n")
}

/// How a request went on to the origin, as RFC 9211 sections 2.2 to 2.6 say it.
struct ForwardStatus {
  var reason: StoreJob.Forwarded
  /// What the origin said, where the answer is not the origin's.
  var status: UInt16?
  var isStored = false
  /// Whether another request has brought the answer; false when that was waited for in vain.
  var collapsed: Bool?
}

extension RawWriter {
  fileprivate mutating func appendAge(of response: CachedResponse, _ now: Int64) {
    append("Age: ")
    append(decimal: Self.seconds(now &- response.born))
    append("\r\n")
  }

  fileprivate mutating func append(_ status: ForwardStatus) {
    append("Cache-Status: gatehouse; fwd=")
    append(status.reason.name)
    if let code = status.status {
      append("; fwd-status=")
      append(decimal: UInt64(code))
    }
    if status.isStored { append("; stored") }
    if let isCollapsed = status.collapsed { append(isCollapsed ? "; collapsed" : "; collapsed=?0") }
    append("\r\n")
  }

  /// Whole seconds, rounded down.
  fileprivate static func seconds(_ nanoseconds: Int64) -> UInt64 {
    nanoseconds > 0 ? UInt64(nanoseconds / 1_000_000_000) : 0
  }
}
