import Crypto
import GatewayKit
import HTTPWire

/// Makes 128 bits of the bytes of a composite key.
enum KeyDigest: Sendable {
  /// For a table of this process: fast, and nobody outside knows the seeds.
  case seeded(UInt64, UInt64)
  /// For a store that gateways share. All of them must find the same key, so there is nothing secret about it, and only a
  /// cryptographic digest keeps a peer from making two keys meet: the first half of a SHA-256.
  case shared

  /// Seeds of a process.
  init(seed: UInt64) {
    self = .seeded(seed, withUnsafeBytes(of: seed) { ByteHash.hash($0, seed: seed ^ 0x5851_F42D_4C95_7F2D) })
  }

  func key(_ parts: UnsafeRawBufferPointer) -> LimitKey {
    switch self {
    case .seeded(let first, let second): return LimitKey(parts: parts, seeds: (first, second))
    case .shared:
      var hash = SHA256()
      Self.label.withUnsafeBytes { hash.update(bufferPointer: $0) }
      hash.update(bufferPointer: parts)
      return hash.finalize().withUnsafeBytes { digest in
        LimitKey(
          high: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
          low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
      }
    }
  }

  /// Tells these keys from those of another form of the composite bytes: a change of what a key is made of changes it.
  private static let label = Array("gatehouse limit 2".utf8)
}
