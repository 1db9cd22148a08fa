import GatewayKit
import HTTPWire
import NIOCore

/// What unsafe requests make of the answers that are kept.
enum Invalidation {
  /// An unsafe request that succeeded changes what its path holds (RFC 9111 section 4.4). When the origin got it and no
  /// answer came, it may have succeeded.
  static func judge(_ exchange: Exchange, _ versions: PathVersions) {
    guard let domain = exchange.domain else { return }
    if exchange.replyInProgress == nil {
      guard exchange.response.status >= 200, exchange.response.status < 400 else { return }
    } else {
      guard exchange.outcome.upstreamStarted != 0 else { return }
    }
    exchange.request.withPath { path in
      domain.key.withUnsafeReadableBytes { domain in
        versions.invalidate(domain: domain, path: path)
        if let parent = Self.parent(of: path) { versions.invalidate(domain: domain, path: parent) }
      }
    }
  }

  /// `/me/tokens` for `/me/tokens/abc`: a list changes with its members.
  private static func parent(of path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var end = path.count
    if end > 1, path[end - 1] == UInt8(ascii: "/") { end -= 1 }
    while end > 0, path[end - 1] != UInt8(ascii: "/") { end -= 1 }
    return end > 1 ? UnsafeRawBufferPointer(rebasing: path[..<(end - 1)]) : nil
  }
}
