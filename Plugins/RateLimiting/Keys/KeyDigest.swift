import Crypto
import GatewayKit
import HTTPWire

/// Makes 128 bits of the bytes of a composite key, for a rule with one amount.
struct KeyDigest {
  /// For tables of this process: fast, and nobody outside knows the seeds. What the rule is made of is folded into them.
  private let seeds: (UInt64, UInt64)
  /// For a store that gateways share: the digest of what the rule is made of, to go on from.
  private let shared: SHA256

  /// - Parameters:
  ///   - seed: of this process.
  ///   - prefix: what tells the rule from others.
  init(seed: UInt64, prefix: [UInt8]) {
    seeds = prefix.withUnsafeBytes { prefix in
      let first = ByteHash.hash(prefix, seed: seed)
      return (first, ByteHash.hash(prefix, seed: seed ^ first ^ 0x5851_F42D_4C95_7F2D))
    }
    var hash = SHA256()
    hash.update(data: Self.label)
    hash.update(data: prefix)
    shared = hash
  }

  /// The key for a table of this process.
  func local(_ parts: UnsafeRawBufferPointer) -> LimitKey { LimitKey(parts: parts, seeds: seeds) }

  /// The key for a store that gateways share. All of them must find the same one, so there is nothing secret about it, and
  /// only a cryptographic digest keeps a peer from making two keys meet: the first half of a SHA-256.
  func shared(_ parts: UnsafeRawBufferPointer) -> LimitKey {
    var hash = shared
    hash.update(bufferPointer: parts)
    return hash.finalize().withUnsafeBytes { digest in
      LimitKey(
        high: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  /// Tells these keys from those of another form of the composite bytes: a change of what a key is made of changes it.
  private static let label = Array("gatehouse limit 3".utf8)
}
