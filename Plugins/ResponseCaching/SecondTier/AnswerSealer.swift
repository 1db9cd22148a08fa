import Crypto
import GatewayKit
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Names and seals what goes to a store that gateways share: whoever has not the secret can neither read an answer there,
/// nor make one that is taken, nor tell from a name what it is for, nor give one answer in the place of another.
struct AnswerSealer {
  private let naming: SymmetricKey
  private let sealing: SymmetricKey

  init(_ secret: Secret) {
    naming = Self.key("gatehouse cache name 1", secret)
    sealing = Self.key("gatehouse cache seal 1", secret)
  }

  private static func key(_ purpose: String, _ secret: Secret) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: secret.bytes), info: Array(purpose.utf8), outputByteCount: 32)
  }

  /// The name of what is kept for these bytes, in hexadecimal digits.
  func name(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    HMAC<SHA256>.authenticationCode(for: bytes, using: naming).flatMap { byte in
      [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
    }
  }

  /// Each name has a key of its own, so that chance does not use a nonce twice with one.
  private func key(for name: [UInt8]) -> SymmetricKey {
    SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: name, using: sealing))
  }

  /// The head, which can be read, and the rest, which cannot. Nil for what the cipher does not take.
  func seal(_ bytes: ByteBuffer, behind head: ByteBuffer, as name: [UInt8]) -> ByteBuffer? {
    bytes.withUnsafeReadableBytes { bytes in
      head.withUnsafeReadableBytes { readable in
        guard let box = try? AES.GCM.seal(bytes, using: key(for: name), authenticating: readable),
          let combined = box.combined
        else { return nil }
        var out = ByteBuffer.exactly(head.readableBytes + combined.count)
        out.writeImmutableBuffer(head)
        out.writeBytes(combined)
        return out
      }
    }
  }

  /// What was sealed under this name behind this head; nil for anything else.
  func open(_ sealed: ByteBuffer, as name: [UInt8]) -> ByteBuffer? {
    var sealed = sealed
    guard let head = SharedAnswerHead.read(&sealed) else { return nil }
    return sealed.withUnsafeReadableBytes { bytes in
      head.withUnsafeReadableBytes { readable in
        guard let box = try? AES.GCM.SealedBox(combined: bytes),
          let opened = try? AES.GCM.open(box, using: key(for: name), authenticating: readable)
        else { return nil }
        return ByteBuffer(bytes: opened)
      }
    }
  }
}
