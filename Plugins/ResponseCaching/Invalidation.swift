import GatewayKit
import HTTPWire
import NIOCore

/// What unsafe requests make of the answers that are kept.
enum Invalidation {
  /// An unsafe request that succeeded changes what its path holds (RFC 9111 section 4.4). When the origin got it and no
  /// answer came, it may have succeeded.
  static func judge(_ exchange: Exchange, isAnswered: Bool, _ tags: TagRules, _ caches: AnswerCaches) {
    guard let domain = exchange.domain else { return }
    if isAnswered {
      guard exchange.response.status >= 200, exchange.response.status < 400 else { return }
    } else {
      guard exchange.outcome.upstreamStarted != 0 else { return }
    }
    exchange.request.withPath { path in
      caches.changed(domain, path: path)
      if let parent = parent(of: path) { caches.changed(domain, path: parent) }
    }
    tags.purge(by: exchange, domain, caches)
    if isAnswered { invalidateNamed(exchange, domain, caches) }
  }

  /// What the answer names as made or shown by it, where that is of the same origin: another's would be a way to empty
  /// caches that are none of its business (RFC 9111 section 4.4). Of each field the first counts: there is one of each in
  /// a response that means something, and a thousand of them would change as much as a thousand writes.
  private static func invalidateNamed(_ exchange: Exchange, _ domain: DomainFacts, _ caches: AnswerCaches) {
    let block = exchange.response.block
    var reader = SameOriginPath()
    for field in named {
      let first = block.fields.indices.first { field.selects($0, of: block) && !block.fields[$0].isRemoved }
      guard let first else { continue }
      block.withValue(first) { reference in
        reader.with(reference, of: exchange) { caches.changed(domain, path: $0) }
      }
    }
  }

  private static let named = [FieldSelection(["location"]), FieldSelection(["content-location"])]

  /// `/me/tokens` for `/me/tokens/abc`: a list changes with its members.
  private static func parent(of path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var end = path.count
    if end > 1, path[end - 1] == UInt8(ascii: "/") { end -= 1 }
    while end > 0, path[end - 1] != UInt8(ascii: "/") { end -= 1 }
    return end > 1 ? UnsafeRawBufferPointer(rebasing: path[..<(end - 1)]) : nil
  }
}
