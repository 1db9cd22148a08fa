import GatewayKit
import NIOCore

/// A request that was not answered from the cache, until its response is kept or is known not to be.
final class StoreJob {
  let key: [UInt8]
  let hash: UInt64
  let version: PathVersions.Mark
  /// Why the request went on, as RFC 9211 section 2.2 says it.
  let forwarded: Forwarded
  private(set) var body = ByteBuffer()
  private(set) var isTooLarge = false
  /// Set when the head says that the response is kept.
  var terms: StoreRules.Terms?
  var fields = ByteBuffer()
  var varyValues: [UInt8] = []
  /// Monotonic nanoseconds when the head was complete.
  var headTime: Int64 = 0

  enum Forwarded {
    case miss, stale, request
  }

  init(key: [UInt8], hash: UInt64, version: PathVersions.Mark, forwarded: Forwarded) {
    self.key = key
    self.hash = hash
    self.version = version
    self.forwarded = forwarded
  }

  /// Makes room at once for a body whose length is known.
  func expect(_ length: Int) { body.reserveCapacity(length) }

  /// Copies a piece: a slice would keep alive the whole buffer it was read into.
  func append(_ piece: ByteBuffer, limit: Int) {
    guard !isTooLarge else { return }
    if body.readableBytes + piece.readableBytes > limit {
      isTooLarge = true
      body = ByteBuffer()
    } else {
      body.writeImmutableBuffer(piece)
    }
  }

  /// Gives back room that was taken by guess, so that the budget is not spent on it.
  func trim() {
    if body.capacity > body.readableBytes + body.readableBytes / 4 + 256 { body = body.slice().copied() }
  }
}

extension ByteBuffer {
  /// The readable bytes in a storage of their own.
  fileprivate func copied() -> ByteBuffer {
    var copy = ByteBuffer()
    copy.reserveCapacity(readableBytes)
    copy.writeImmutableBuffer(self)
    return copy
  }
}
