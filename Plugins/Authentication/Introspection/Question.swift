import GatewayKit
import HTTPWire
import NIOCore

/// A token and the domain of the request that carries it: what is asked about, and what answers are kept under. The
/// bytes are borrowed.
struct Question {
  let token: UnsafeRawBufferPointer
  let domain: DomainFacts?
  /// Of the whole token and the domain. Nothing vouches for the token yet, so whoever sends it chooses its bytes.
  let hash: UInt64

  init(_ token: UnsafeRawBufferPointer, _ domain: DomainFacts?, seed: UInt64) {
    self.token = token
    self.domain = domain
    let hash = ByteHash.hash(token, seed: seed)
    self.hash = domain?.key.withUnsafeReadableBytes { ByteHash.hash($0, seed: hash) } ?? hash
  }

  /// Whether what is known of the token in that domain is an answer to this.
  func isIn(_ other: DomainFacts?) -> Bool {
    guard let domain, let other else { return domain == nil && other == nil }
    return domain === other || domain.key == other.key
  }
}
