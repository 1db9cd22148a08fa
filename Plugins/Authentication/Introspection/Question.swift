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

  /// Whether all bytes of token and domain are these.
  func isAbout(_ token: [UInt8], _ domain: DomainFacts?) -> Bool {
    guard token.count == self.token.count, Self.areSame(domain, self.domain) else { return false }
    return token.withUnsafeBytes { Self.areEqual($0, self.token) }
  }

  /// A word at a time; both have the same length.
  private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    var difference: UInt64 = 0
    while offset &+ 8 <= left.count {
      difference |=
        left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < left.count {
      difference |= UInt64(left[offset] ^ right[offset])
      offset &+= 1
    }
    return difference == 0
  }

  private static func areSame(_ left: DomainFacts?, _ right: DomainFacts?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left === right || left.key == right.key
  }
}
